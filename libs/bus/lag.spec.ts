import { metrics } from '#runtime';
import { type TestNats, testNats, until } from '#testing';
import { Bus } from './bus.js';
import { consume } from './consume.js';
import { follow, type Place } from './follow.js';

let nats: TestNats;
let bus: Bus;
beforeAll(async () => {
  nats = await testNats();
  bus = await Bus.connect({ url: nats.url, name: 'journal' });
  await bus.applyStreams({ dedupS: 600, retentionDays: 30 });
});
afterAll(async () => {
  await bus?.close();
  await nats?.stop();
});

async function lagOf(stream: string, of: 'messages' | 'seconds'): Promise<number | undefined> {
  const { values } = await metrics.getSingleMetric(`farmbell_consumer_lag_${of}`)!.get();
  return values.find(({ labels }) => labels.stream === stream && labels.consumer === 'journal')?.value;
}

/** Handles nothing until it is let go. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

it('is what a reader has not worked off, however much of it has arrived, and vanishes with the reader', async () => {
  for (let n = 0; n < 40; n++) await bus.publish('farmbell.event.default.job.started', { n });
  const stopping = new AbortController();
  const { open, opened } = gate();
  let place: Place | undefined;
  const options = { stream: 'EVENTS' as const, from: async () => place, max: 5, signal: stopping.signal };
  const following = follow(bus, options, async (_, reached) => {
    await opened;
    place = reached;
  });
  await until('all that there is lies before it', 10_000, async () => (await lagOf('EVENTS', 'messages')) === 40);
  for (let n = 0; n < 10; n++) await bus.publish('farmbell.event.default.job.started', { n });
  await until('what comes is added', 10_000, async () => (await lagOf('EVENTS', 'messages')) === 50);
  const before = (await lagOf('EVENTS', 'seconds'))!;
  expect(before).toBeGreaterThan(0);
  await until('it grows older', 10_000, async () => (await lagOf('EVENTS', 'seconds'))! > before);
  open();
  await until('it is worked off', 10_000, async () => (await lagOf('EVENTS', 'messages')) === 0);
  expect(await lagOf('EVENTS', 'seconds')).toBe(0);
  stopping.abort();
  await following;
  expect(await lagOf('EVENTS', 'messages')).toBeUndefined();
});

it("is a work queue's too, and a message that nobody can read is told", async () => {
  const stopping = new AbortController();
  const { open, opened } = gate();
  let refused = 0;
  const onRefused = () => void refused++;
  const consuming = consume(bus, { stream: 'INGEST', durable: 'journal', signal: stopping.signal, onRefused }, () => opened);
  await until('it reads', 10_000, async () => (await lagOf('INGEST', 'messages')) === 0);
  for (const body of ['{}', 'bell', '{}']) await bus.publish('farmbell.ingest.default.job.started', body);
  await until('three lie before it', 10_000, async () => (await lagOf('INGEST', 'messages')) === 3);
  open();
  await until('they are worked off', 10_000, async () => (await lagOf('INGEST', 'messages')) === 0);
  expect(refused).toBe(1);
  const { values } = await metrics.getSingleMetric('farmbell_rejected_total')!.get();
  expect(values).toEqual([{ labels: { service: 'journal' }, value: 1 }]);
  stopping.abort();
  await consuming;
  expect(await lagOf('INGEST', 'messages')).toBeUndefined();
});
