import { createHash } from 'node:crypto';
import { headers } from '@nats-io/transport-node';
import type { Bus } from '#bus';
import { type Decision, type FarmEvent, type Routed, subjects } from '#contracts';
import { EventReader, type StoredEvent } from './event-reader.js';
import { match } from './match.js';
import type { MatchIndex } from './match-index.js';

/** How far the fold has come: every event up to `seq` is done; of the next one, every channel up to `channel`. */
export interface Cursor {
  seq: number;
  channel: string;
}
interface Due {
  seq: number;
  subject: string;
  body: string;
  decision: Decision;
  account: string;
  last: boolean;
}

const roundEvents = 200;
const batchMessages = 900; // a JetStream batch holds at most 1,000
const batchBytes = 4 * 1024 * 1024;
const idleCursorMs = 1000;

const text = ({ seq, channel }: Cursor) => `${seq}:${channel}`;
const parse = (cursor: string): Cursor => ({
  seq: Number(cursor.split(':', 1)[0]),
  channel: cursor.slice(cursor.indexOf(':') + 1),
});

/**
 * Reads EVENTS in order from the cursor and writes what is due into DELIVERIES in atomic batches whose first message is the
 * cursor, expected to be where this process left it. A crash, a second writer or a broker's restart can therefore neither
 * lose nor repeat a delivery. Runs until the signal aborts; throws when it must begin again from the stored cursor.
 */
export async function fold(
  bus: Bus,
  index: MatchIndex,
  signal: AbortSignal,
  onRound: (events: number, deliveries: number) => void = () => {},
): Promise<void> {
  const stored = await bus.jsm.streams.getMessage('DELIVERIES', { last_by_subj: subjects.rulesCursor });
  let cursor: Cursor = stored ? parse(stored.string()) : { seq: 0, channel: '' };
  let position = stored?.seq ?? 0;
  let writtenAt = Date.now();
  let unwritten = false;
  const write = async (to: Cursor, due: Due[]) => {
    position = await writeRound(bus, position, to, due);
    cursor = to;
    writtenAt = Date.now();
    unwritten = false;
  };

  const reader = await EventReader.open(bus, cursor.seq + 1);
  const stop = () => reader.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    while (!reader.ended) {
      const events = await reader.take(roundEvents, unwritten ? idleCursorMs : 60_000);
      if (events.length > 0) {
        const due = events.flatMap((event) => dueOf(index, event, event.seq === cursor.seq + 1 ? cursor.channel : ''));
        // sent first, waited for last: should a crash lose it, the journal still learns of these deliveries by their reports
        const routed = publishRouted(bus, due);
        routed.catch(() => {});
        for (const chunk of chunks(due)) await write(reached(chunk), chunk);
        await routed;
        const { seq } = events.at(-1)!;
        if (seq > cursor.seq) {
          cursor = { seq, channel: '' };
          unwritten = true;
        }
        onRound(events.length, due.length);
      }
      // what led to no delivery moves the cursor too, but not at every event
      if (unwritten && Date.now() - writtenAt >= idleCursorMs) await write(cursor, []);
    }
    if (unwritten) await write(cursor, []);
  } finally {
    signal.removeEventListener('abort', stop);
    await reader.close().catch((error) => {
      if (!signal.aborted) throw error;
    });
  }
}

/** The cursor after a chunk: its last event done, or done up to a channel. */
function reached(chunk: Due[]): Cursor {
  const end = chunk.at(-1)!;
  return end.last ? { seq: end.seq, channel: '' } : { seq: end.seq - 1, channel: end.decision.channel };
}

function dueOf(index: MatchIndex, { seq, json }: StoredEvent, after: string): Due[] {
  const event = JSON.parse(json) as FarmEvent;
  const matched = index.of(event.account).filter((channel) => channel.id > after && match(event, channel) === 'due');
  const at = new Date().toISOString();
  return matched.map((channel, i) => {
    const id = deliveryId(event.account, event.id, channel.id);
    const head = {
      id,
      account: event.account,
      channel: channel.id,
      channel_type: channel.type,
      lane: channel.lane,
      version: channel.version,
      epoch: channel.epoch,
      created_at: at,
      attempt: 1,
    };
    return {
      seq,
      account: event.account,
      subject: subjects.delivery(channel.type, channel.lane, channel.id),
      body: `${JSON.stringify(head).slice(0, -1)},"event":${json}}`,
      decision: {
        event_id: event.id,
        event_type: event.type,
        channel: channel.id,
        channel_type: channel.type,
        delivery: id,
        decision: 'due',
        at,
      },
      last: i === matched.length - 1,
    };
  });
}

/** The same for the same event and channel, whoever computes it: a receiver can drop a repeat. */
export const deliveryId = (account: string, event: string, channel: string): string =>
  createHash('sha256').update(`${account}/${event}/${channel}`).digest('hex').slice(0, 32);

function* chunks(due: Due[]): Generator<Due[]> {
  let chunk: Due[] = [];
  let bytes = 0;
  for (const one of due) {
    if (chunk.length === batchMessages || (chunk.length > 0 && bytes + one.body.length > batchBytes)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(one);
    bytes += one.body.length;
  }
  if (chunk.length > 0) yield chunk;
}

/** One round: the cursor and its deliveries, all or nothing. The cursor's new place in the stream. */
async function writeRound(bus: Bus, position: number, cursor: Cursor, due: Due[]): Promise<number> {
  const rollup = headers();
  rollup.set('Nats-Rollup', 'sub');
  const first = { headers: rollup, expect: { lastSubjectSequence: position } };
  if (due.length === 0) return (await bus.js.publish(subjects.rulesCursor, text(cursor), first)).seq;
  const batch = await bus.js.startBatch(subjects.rulesCursor, text(cursor), first);
  for (const one of due.slice(0, -1)) batch.add(one.subject, one.body);
  const last = due.at(-1)!;
  const ack = await batch.commit(last.subject, last.body);
  return ack.seq - due.length;
}

/** What was decided, a message an account. */
async function publishRouted(bus: Bus, due: Due[]): Promise<void> {
  const byAccount = new Map<string, Decision[]>();
  for (const { account, decision } of due) byAccount.set(account, [...(byAccount.get(account) ?? []), decision]);
  await Promise.all(
    [...byAccount].map(([account, decisions]) => bus.publish(subjects.routed(account), { account, decisions } satisfies Routed)),
  );
}
