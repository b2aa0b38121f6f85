import { AckPolicy, type Consumer, type ConsumerMessages } from '@nats-io/jetstream';
import { type Bus, isMissing } from '#bus';
import { type ChannelType, subjects } from '#contracts';

/** More than a process holds in memory: what it parks is acked soon, and no channel's messages keep another's from coming. */
const maxUnacked = 50_000;
/** A dead owner's messages come with the lane's next consumer, and a broken connection's too: nobody waits for this. */
const ackWaitMs = 3600_000;

/** A lane's own consumer, made: its messages, and how many there are. */
export async function openConsumer(
  bus: Bus,
  type: ChannelType,
  lane: number,
  name: string,
): Promise<{ consumer: Consumer; messages: ConsumerMessages; pending: number }> {
  await bus.jsm.consumers.add('DELIVERIES', {
    durable_name: name,
    filter_subject: subjects.lane(type, lane),
    ack_policy: AckPolicy.Explicit,
    ack_wait: ackWaitMs * 1e6,
    max_ack_pending: maxUnacked,
  });
  const consumer = await bus.js.consumers.get('DELIVERIES', name);
  const messages = await consumer.consume({ max_messages: 256, expires: 5_000, abort_on_missing_resource: true });
  return { consumer, messages, pending: (await consumer.info(true)).num_pending };
}

/** Deletes the consumers of lanes, whoever made them. */
export async function removeConsumers(bus: Bus, type: ChannelType, lanes: number[]): Promise<void> {
  const prefixes = lanes.map((lane) => `${type}-${lane}-`);
  for await (const name of consumerNames(bus)) {
    if (!prefixes.some((prefix) => name.startsWith(prefix))) continue;
    await bus.jsm.consumers.delete('DELIVERIES', name).catch((error) => {
      if (!isMissing(error)) throw error;
    });
  }
}

/** Names alone: with their states a cluster waits for each consumer's leader, and leaves out those that have none just now. */
async function* consumerNames(bus: Bus): AsyncGenerator<string> {
  for (let offset = 0, total = 1; offset < total; ) {
    const answer = await bus.nc.request('$JS.API.CONSUMER.NAMES.DELIVERIES', JSON.stringify({ offset }), { timeout: 10_000 });
    const page = answer.json<{ error?: { description: string }; consumers?: string[] | null; total: number }>();
    if (page.error) throw new Error(`the consumers of DELIVERIES cannot be read: ${page.error.description}`);
    const names = page.consumers ?? [];
    yield* names;
    total = names.length > 0 ? page.total : 0;
    offset += names.length;
  }
}
