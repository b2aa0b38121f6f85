import { createHash } from 'node:crypto';
import type { JsMsg } from '@nats-io/jetstream';
import { type Bus, pause, readFrom } from '#bus';
import { accountAndType, type Decision, type FarmEvent, type Routed, subjects } from '#contracts';
import type { MatchIndex } from './match-index.js';
import { type Cursor, type Message, resume, writeRound } from './round.js';

interface Due extends Message {
  /** Of the event. */
  seq: number;
  decision: Decision;
  /** Not due for its reader, and so nobody's decision. */
  clears: boolean;
  account: string;
  /** Of the event's deliveries. */
  last: boolean;
}

const roundEvents = 200;
const batchMessages = 900; // a JetStream batch holds at most 1,000
const batchBytes = 4 * 1024 * 1024;
const idleCursorMs = 1000;
/** The broker pays a few milliseconds for a batch, whatever its size: the busier, the longer a round may gather. */
const gatherMsAnEvent = 2;
const mostGatherMs = 20;

/**
 * Reads EVENTS in order from the cursor and writes what is due into DELIVERIES, round by round (see round.ts), the cursor
 * expected to be where this process left it. A crash, a second writer or a broker's restart can therefore neither
 * lose nor repeat a delivery. Runs until the signal aborts; throws when it must begin again from the stored cursor.
 */
export async function fold(
  bus: Bus,
  index: MatchIndex,
  signal: AbortSignal,
  onRound: (events: number, deliveries: number) => void = () => {},
): Promise<void> {
  let { cursor, position } = await resume(bus);
  let writtenAt = Date.now();
  let unwritten = false;
  const write = async (to: Cursor, due: Due[]) => {
    position = await writeRound(bus, position, to, due);
    cursor = to;
    writtenAt = Date.now();
    unwritten = false;
  };

  const reader = await readFrom(bus, 'EVENTS', cursor.seq + 1);
  const stop = () => reader.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    while (!reader.ended) {
      const events = await reader.take(roundEvents, unwritten ? idleCursorMs : 60_000);
      if (events.length > 0) {
        const began = Date.now();
        const due: Due[] = [];
        for (const event of events)
          due.push(...(await dueOrRejected(bus, index, event, event.seq === cursor.seq + 1 ? cursor.channel : '')));
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
        const gather = events.length > 1 ? Math.min(mostGatherMs, gatherMsAnEvent * events.length) : 0;
        if (reader.waiting.length < roundEvents) await pause(began + gather - Date.now(), signal);
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

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);

/** What is due of an event; one that cannot be read goes to REJECTED, and the fold goes on. */
async function dueOrRejected(bus: Bus, index: MatchIndex, message: JsMsg, after: string): Promise<Due[]> {
  try {
    return dueOf(index, message, after);
  } catch {
    const { seq, subject } = message;
    const account = accountAndType(subject)?.account ?? null;
    const errors = [{ path: '', message: 'is not an event' }];
    await bus.reject({ id: `EVENTS-${seq}`, subject, account, errors, body: message.string() });
    return [];
  }
}

function dueOf(index: MatchIndex, message: JsMsg, after: string): Due[] {
  const { seq } = message;
  const json = message.string();
  const event = JSON.parse(json) as FarmEvent;
  if ([event.id, event.type, event.account].some((one) => typeof one !== 'string')) throw new Error('is not an event');
  const clearing = index.clears(event);
  const matched = [...index.due(event), ...clearing].filter((channel) => channel.id > after).sort(byId);
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
      ...(clearing.includes(channel) && { clears: true }),
    };
    return {
      seq,
      account: event.account,
      id,
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
      clears: clearing.includes(channel),
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

/** What was decided, a message an account. */
async function publishRouted(bus: Bus, due: Due[]): Promise<void> {
  const byAccount = new Map<string, Decision[]>();
  for (const { account, decision, clears } of due)
    if (!clears) byAccount.set(account, [...(byAccount.get(account) ?? []), decision]);
  await Promise.all(
    [...byAccount].map(([account, decisions]) => bus.publish(subjects.routed(account), { account, decisions } satisfies Routed)),
  );
}
