import { AckPolicy, type ConsumerMessages, type JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Pool } from 'undici';
import { natsTarget } from '#servers';
import { now } from '../clock.js';
import { floorQueue } from '../floor-streams.js';
import { serve } from './role.js';

let ended: Promise<void> | undefined;
let messages: ConsumerMessages | undefined;

/**
 * The least that a delivery costs in one Node.js process: read from a work queue, POST, publish a record of the attempt and
 * wait until it is stored, ack. One in flight per printer, as the order demands; nothing else.
 */
async function follow(nc: NatsConnection, pool: Pool, taken: ConsumerMessages): Promise<void> {
  const js = jetstream(nc);
  const printers = new Map<string, JsMsg[]>();
  const one = async (message: JsMsg) => {
    const at = new Date().toISOString();
    const started = performance.now();
    const answer = await pool.request({
      path: '/answers/0',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: message.data,
    });
    await answer.body.dump();
    const latency = Math.round(performance.now() - started);
    const record = { delivery: message.seq, at, latency_ms: latency, status: answer.statusCode, outcome: 'delivered' };
    await js.publish('floor.attempt', JSON.stringify(record), { msgID: String(message.seq) });
    message.ack();
  };
  const work = async (printer: string, queue: JsMsg[]) => {
    for (;;) {
      await one(queue[0]!);
      queue.shift();
      if (queue.length > 0) continue;
      printers.delete(printer);
      return;
    }
  };
  for await (const message of taken) {
    const queue = printers.get(message.subject);
    if (queue) {
      queue.push(message);
      continue;
    }
    const fresh = [message];
    printers.set(message.subject, fresh);
    void work(message.subject, fresh);
  }
}

const methods = {
  /** Begins to work the queue off; the time at which it began. */
  async start({ natsUrl, origin }: { natsUrl: string; origin: string }): Promise<number> {
    const nc = await connect(natsTarget(natsUrl));
    const pool = new Pool(origin);
    const jsm = await jetstreamManager(nc);
    await jsm.consumers.add(floorQueue, { durable_name: 'floor', ack_policy: AckPolicy.Explicit, max_ack_pending: 2000 });
    const consumer = await jetstream(nc).consumers.get(floorQueue, 'floor');
    const started = now();
    messages = await consumer.consume({ max_messages: 256 });
    ended = follow(nc, pool, messages).finally(async () => {
      await nc.drain();
      await pool.close();
    });
    return started;
  },
  async stop(_: null): Promise<void> {
    messages?.stop();
    await ended;
  },
};

export type FloorMethods = typeof methods;
serve(methods);
