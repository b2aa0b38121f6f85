import { DeliverPolicy, type JsMsg } from '@nats-io/jetstream';
import type { Bus } from './bus.js';
import { pause } from './pause.js';
import { ageMs, ReadAhead } from './read-ahead.js';
import type { StreamName } from './streams.js';
import { type Incoming, workOff } from './work-off.js';

/** How far a stream was worked off: up to `seq` in the stream that was made at `made`. */
export interface Place {
  made: string;
  seq: number;
}

export interface ReadOptions {
  stream: StreamName;
  /** Messages of these subjects alone. */
  filter?: string;
  /** Up to where it was read before; undefined: nowhere yet. Asked again after each break. */
  from: () => Promise<Place | undefined>;
  /** At most so many messages a batch; a batch is whatever has arrived. */
  max?: number;
  /** At most so many messages are held in memory beside a batch. */
  ahead?: number;
  /** Told, at first and after each break, behind which place reading goes on and how many messages wait there. */
  begun?: (place: Place, behind: number) => void;
  signal: AbortSignal;
  onError?: (error: unknown) => void;
}

export interface FollowOptions extends ReadOptions {
  /** Stays so far behind the stream: for what another stream mostly tells by then. */
  behindMs?: number;
  /** So long after a batch the next one begins: what arrives meanwhile is worked off together. A first message never waits. */
  restMs?: number;
}

const idleMs = 60_000;
/** A consumer that is gone is noticed after so long. */
const heartbeatsMs = 5_000;

/**
 * Reads a stream that keeps its messages, in order and without acks: `handle` stores the output of a batch and its place in one
 * transaction (see workOff()). Nothing is lost or done twice at a crash, neither here nor of the broker, which may forget acks.
 * One reader at a time: see alone(). Runs until the signal aborts.
 */
export async function follow<T>(
  bus: Bus,
  options: FollowOptions,
  handle: (messages: Incoming<T>[], place: Place) => Promise<void>,
): Promise<void> {
  const { restMs = 0, behindMs = 0, signal, onError = () => {} } = options;
  await readOn(bus, options, async (batch, made) => {
    const work = {
      bus,
      onError,
      signal,
      handle: (messages: Incoming<T>[], done: number) => handle(messages, { made, seq: done }),
    };
    if (behindMs > 0) await pause(behindMs - ageMs(batch.at(-1)!), signal);
    if (!signal.aborted) await workOff(work, batch);
    if (restMs > 0) await pause(restMs, signal);
  });
}

/**
 * Hands out a stream's messages in order, from the place where `from` says that it stands, and from there again after each break.
 * `made` is the stream's that they are of. Runs until the signal aborts.
 */
export async function readOn(
  bus: Bus,
  { stream, filter, from, max = 500, ahead, begun = () => {}, signal, onError = () => {} }: ReadOptions,
  take: (batch: JsMsg[], made: string) => Promise<void>,
): Promise<void> {
  let reader: ReadAhead | undefined;
  const stop = () => reader?.stop();
  signal.addEventListener('abort', stop, { once: true });
  while (!signal.aborted) {
    try {
      const { made, seq } = await begin(bus, stream, await from());
      reader = await readFrom(bus, stream, seq + 1, { filter, ahead });
      if (!signal.aborted) begun({ made, seq }, reader.behind);
      if (signal.aborted) stop();
      while (!reader.ended && !signal.aborted) {
        const batch = await reader.take(max, idleMs);
        if (batch.length > 0) await take(batch, made);
      }
      await reader.close();
    } catch (error) {
      stop();
      if (!signal.aborted) onError(error);
    }
    if (!signal.aborted) await pause(250, signal);
  }
}

/**
 * Messages from a sequence on, in order; the client mends gaps by itself. The reader ends when the connection was broken: its
 * consumer may have died with the broker, which the client would notice much later.
 */
export async function readFrom(
  bus: Bus,
  stream: StreamName,
  seq: number,
  { headersOnly = false, filter, ahead }: { headersOnly?: boolean; filter?: string; ahead?: number } = {},
): Promise<ReadAhead> {
  const consumer = await bus.js.consumers.get(stream, {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: seq,
    headers_only: headersOnly,
    ...(filter && { filter_subjects: filter }),
  });
  const { num_pending: behind } = await consumer.info(true);
  const messages = await consumer.consume({ max_messages: Math.min(500, ahead ?? 500), expires: heartbeatsMs });
  const left = bus.onReconnect(() => messages.stop());
  const done = () => {
    left();
    // the server would keep it for five minutes more
    void consumer.delete().catch(() => {});
  };
  // who reads a part, or at a pace of its own, works nothing off that others wait for
  const lagOf = filter || headersOnly || ahead !== undefined ? undefined : { consumer: bus.name, stream };
  return new ReadAhead(messages, { most: ahead, behind, lagOf, done });
}

/** The end of a stream as it is now: behind it comes what is stored from now on. */
export async function endOf(bus: Bus, stream: StreamName): Promise<Place> {
  const { created, state } = await bus.jsm.streams.info(stream);
  return { made: String(created), seq: state.last_seq };
}

/** A stream made anew counts from 1 again; one that lost its newest messages in a crash of the machine goes on at its end. */
async function begin(bus: Bus, stream: StreamName, stored: Place | undefined): Promise<Place> {
  const { made, seq } = await endOf(bus, stream);
  return { made, seq: stored?.made === made ? Math.min(stored.seq, seq) : 0 };
}
