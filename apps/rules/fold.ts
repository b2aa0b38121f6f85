import type { JsMsg } from '@nats-io/jetstream';
import { type Bus, beginWork, pause, readFrom, traceOfMessage } from '#bus';
import { accountAndType, type Decision, type Routed, subjects } from '#contracts';
import { type Hop, newTrace } from '#runtime';
import { type Deciding, type Due, dueOf } from './due.js';
import { type Cursor, resume, writeRound } from './round.js';

export interface Folding extends Deciding {
  bus: Bus;
  /** Where the fold stands: every event up to `seq` is decided, and what it led to is stored. */
  place: { seq: number };
  signal: AbortSignal;
  onRound?: (events: number, deliveries: number) => void;
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
export async function fold({ bus, signal, place, onRound = () => {}, ...deciding }: Folding): Promise<void> {
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
  place.seq = cursor.seq;
  try {
    while (!reader.ended) {
      const events = await reader.take(roundEvents, unwritten ? idleCursorMs : 60_000);
      if (events.length > 0) {
        const began = Date.now();
        const due: Due[] = [];
        const hops: Hop[] = [];
        for (const event of events) {
          const { hop, trace } = stepOf(event);
          const its = await dueOrRejected(bus, deciding, event, event.seq === cursor.seq + 1 ? cursor.channel : '', trace);
          due.push(...its);
          if (!hop) continue;
          hop.set({ 'farmbell.deliveries': its.length });
          hops.push(hop);
        }
        // sent first, waited for last: should a crash lose it, the journal still learns of these deliveries by their reports
        const routed = publishRouted(bus, due);
        routed.catch(() => {});
        for (const chunk of chunks(due)) await write(reached(chunk), chunk);
        await routed;
        for (const hop of hops) hop.end();
        const { seq } = events.at(-1)!;
        if (seq > cursor.seq) {
          cursor = { seq, channel: '' };
          unwritten = true;
        }
        place.seq = cursor.seq;
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
  return end.last ? { seq: end.seq, channel: '' } : { seq: end.seq - 1, channel: end.channel };
}

/** The decision in its event's trace. Farmbell's own events have none of their own making: theirs begins here. */
function stepOf({ headers, subject }: JsMsg): { hop: Hop | undefined; trace: string } {
  const given = traceOfMessage(headers);
  const hop = beginWork('rules', 'decide', 'EVENTS', given);
  const { account, type } = (hop && accountAndType(subject)) ?? {};
  hop?.set({
    'farmbell.account': account,
    'farmbell.event.type': type,
    'farmbell.event.id': headers?.get('Nats-Msg-Id').split('/')[1],
  });
  return { hop, trace: hop?.trace ?? given ?? newTrace() };
}

/** What is due of an event; one that cannot be read goes to REJECTED, and the fold goes on. */
async function dueOrRejected(bus: Bus, deciding: Deciding, message: JsMsg, after: string, trace: string): Promise<Due[]> {
  try {
    return dueOf(deciding, message, after, trace);
  } catch {
    const { seq, subject } = message;
    const account = accountAndType(subject)?.account ?? null;
    const errors = [{ path: '', message: 'is not an event' }];
    await bus.reject({ id: `EVENTS-${seq}`, subject, account, errors, body: message.string() });
    return [];
  }
}

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
  for (const { account, decision } of due) if (decision) byAccount.set(account, [...(byAccount.get(account) ?? []), decision]);
  await Promise.all(
    [...byAccount].map(([account, decisions]) => bus.publish(subjects.routed(account), { account, decisions } satisfies Routed)),
  );
}
