import { type JetStreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';

/** What the floor reads and writes: a work queue and a record of attempts, as DELIVERIES and ATTEMPTS are. */
export const floorQueue = 'FLOOR_QUEUE';
const floorAttempts = 'FLOOR_ATTEMPTS';
const floorEvents = 'FLOOR_EVENTS';

const kept = { storage: StorageType.File, allow_direct: true };

/** Makes the floor's streams for one measurement, and removes them with all that they hold. */
export async function withFloorStreams<T>(jsm: JetStreamManager, work: () => Promise<T>): Promise<T> {
  await jsm.streams.add({ ...kept, name: floorQueue, subjects: ['floor.queue.*'], retention: RetentionPolicy.Workqueue });
  await jsm.streams.add({ ...kept, name: floorAttempts, subjects: ['floor.attempt'] });
  await jsm.streams.add({ ...kept, name: floorEvents, subjects: ['floor.event.*'] });
  try {
    return await work();
  } finally {
    for (const name of [floorQueue, floorAttempts, floorEvents]) await jsm.streams.delete(name);
  }
}
