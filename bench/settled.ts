import { setTimeout as delay } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import type pg from 'pg';
import type { StreamName } from '#bus';

const streams: StreamName[] = ['INGEST', 'EVENTS', 'ROUTED', 'DELIVERIES', 'ATTEMPTS', 'COMMANDS', 'REJECTED'];
const everyMs = 100;

/** Waits until every service has worked off what lies in the streams and in the waiting table. Throws, with what is left, when it takes longer than `ms`. */
export async function settled(jsm: JetStreamManager, database: pg.Client, ms: number): Promise<void> {
  const deadline = performance.now() + ms;
  for (;;) {
    const left = await unfinished(jsm, database);
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`After ${ms / 1000} s there was still work left: ${left.join('; ')}`);
    await delay(everyMs);
  }
}

async function unfinished(jsm: JetStreamManager, database: pg.Client): Promise<string[]> {
  const left: string[] = [];
  const last = new Map<string, number>();
  for (const stream of streams) {
    const { state } = await jsm.streams.info(stream);
    last.set(stream, state.last_seq);
    // the cursor of rules stays in it for good
    if (stream === 'DELIVERIES' && state.messages > 1) left.push(`DELIVERIES: ${state.messages - 1} messages`);
    const passing: number[] = [];
    for await (const { name, config, num_pending, num_ack_pending } of jsm.consumers.list(stream)) {
      if (!config.durable_name) passing.push(num_pending);
      else if (num_pending + num_ack_pending > 0)
        left.push(`${stream} for ${name}: ${num_pending} unread, ${num_ack_pending} unacked`);
    }
    // what reads without a durable, as rules does, is at the end; what an earlier start of it left behind is not, for some minutes
    if (stream === 'EVENTS' && passing.length > 0 && Math.min(...passing) > 0)
      left.push(`EVENTS for rules: ${Math.min(...passing)} unread`);
  }
  for (const { owner, stream, seq } of await places(database)) {
    const missing = (last.get(stream) ?? 0) - seq;
    if (missing > 0) left.push(`${stream} for ${owner}: ${missing} not stored`);
  }
  const { rows } = await database.query('select count(*)::int as n from delivery.waiting');
  if (rows[0].n > 0) left.push(`${rows[0].n} deliveries in the waiting table`);
  return left;
}

/** How far the services that follow streams into a database have come. */
async function places(database: pg.Client): Promise<{ owner: string; stream: string; seq: number }[]> {
  const { rows } = await database.query("select schemaname as owner from pg_tables where tablename = 'place'");
  const all = rows.map(async ({ owner }) => {
    const found = await database.query(`select stream, seq from ${database.escapeIdentifier(owner)}.place`);
    return found.rows.map(({ stream, seq }) => ({ owner, stream, seq: Number(seq) }));
  });
  return (await Promise.all(all)).flat();
}
