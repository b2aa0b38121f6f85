import { AckPolicy, type ConsumerMessages, JetStreamApiError, type JsMsg } from '@nats-io/jetstream';
import { accountAndType, type Fault } from '#contracts';
import type { Bus } from './bus.js';
import { durable, type StreamName } from './streams.js';
import { transient } from './transient.js';

/** A message that can never be worked off: it goes to REJECTED with these faults, and is not tried again. */
export class Poison extends Error {
  constructor(readonly errors: Fault[]) {
    super(errors.map((fault) => `${fault.path}: ${fault.message}`).join('; '));
    this.name = 'Poison';
  }
}

export interface Incoming<T> {
  body: T;
  subject: string;
  seq: number;
  time: Date;
  redelivered: boolean;
  headers: JsMsg['headers'];
}

export interface ConsumeOptions {
  stream: StreamName;
  /** The durable consumer's name; made when missing, also after a broker came back without it. */
  durable: string;
  filter?: string | string[];
  /**
   * For a work queue with one reader at a time: the consumer is made anew, so that what a killed reader held comes at once and
   * in its place, not after ack_wait and behind newer ones. The old reader's acks are refused from then on.
   */
  fresh?: boolean;
  /** At most so many messages a batch; a batch is whatever has arrived. */
  max?: number;
  /** So long after a batch the next one begins: what arrives meanwhile is worked off together. A first message never waits. */
  restMs?: number;
  signal: AbortSignal;
  onError?: (error: unknown) => void;
}

const tries = 5;
const retryMs = 1000;
const nextTryMs = 200;
/** Well below the consumers' ack_wait: what is held here is not handed out again meanwhile. */
const beatMs = 10_000;

type Handle<T> = (messages: Incoming<T>[]) => Promise<void>;

/**
 * The consume loop: hands batches to `handle` in order, one at a time, and acks a batch only when `handle` has stored its
 * output. When it throws: surroundings away -> the batch is held and tried again, nothing overtakes it; otherwise the batch
 * is tried message by message, and one that keeps failing alone is put on REJECTED and terminated. Nothing is given back
 * before the signal aborts, so that order stays and one ack may speak for all messages before it.
 */
export async function consume<T>(bus: Bus, options: ConsumeOptions, handle: Handle<T>): Promise<void> {
  const { signal, onError = () => {} } = options;
  let stop = () => {};
  // what was on its way when the connection broke would come after ack_wait, behind newer ones
  if (options.fresh) bus.onReconnect(() => stop());
  while (!signal.aborted) {
    try {
      const { stream, durable: name } = options;
      if (options.fresh)
        await bus.jsm.consumers.delete(stream, name).catch((error) => {
          if (!isMissing(error)) throw error;
        });
      const declared = durable(stream, name, options.filter);
      await bus.jsm.consumers.add(stream, declared).catch(async (error) => {
        if (!isChanged(error)) throw error;
        await bus.jsm.consumers.update(stream, name, declared);
      });
      const consumer = await bus.js.consumers.get(stream, name);
      const messages = await consumer.consume({
        max_messages: options.max ?? 500,
        expires: 10_000,
        abort_on_missing_resource: true,
      });
      stop = () => messages.stop();
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      try {
        const ackAll = declared.ack_policy === AckPolicy.All;
        const work = { bus, handle, onError, signal, ackAll };
        await drainBatches(messages, options, (batch) => workOff(work, batch));
      } finally {
        signal.removeEventListener('abort', stop);
        messages.stop();
      }
    } catch (error) {
      onError(error);
    }
    if (!signal.aborted) await pause(250, signal);
  }
}

/** Collects what has arrived while the last batch was worked off. */
async function drainBatches(
  messages: ConsumerMessages,
  { max = 500, restMs = 0, signal }: ConsumeOptions,
  work: (batch: JsMsg[]) => Promise<void>,
): Promise<void> {
  const waiting: JsMsg[] = [];
  let batch: JsMsg[] = [];
  let wake: () => void = () => {};
  let ended = false;
  let failure: unknown;
  const reading = (async () => {
    try {
      for await (const message of messages) {
        waiting.push(message);
        wake();
      }
    } catch (error) {
      failure = error;
    } finally {
      ended = true;
      wake();
    }
  })();
  const beat = setInterval(() => {
    for (const message of [...batch, ...waiting]) message.working();
  }, beatMs);
  try {
    while (!signal.aborted) {
      if (waiting.length > 0) {
        batch = waiting.splice(0, max);
        await work(batch);
        batch = [];
        if (restMs > 0 && !ended) await pause(restMs, signal);
      } else if (ended) break;
      else
        await new Promise<void>((done) => {
          wake = done;
        });
    }
  } finally {
    clearInterval(beat);
    messages.stop();
  }
  await reading;
  for (const message of waiting) message.nak();
  if (failure) throw failure;
}

interface Work<T> {
  bus: Bus;
  handle: Handle<T>;
  onError: (error: unknown) => void;
  signal: AbortSignal;
  /** An ack of the last message is one of all before it. */
  ackAll: boolean;
}

async function workOff<T>(work: Work<T>, batch: JsMsg[]): Promise<void> {
  const read = batch.map((message) => incoming<T>(message));
  const readable = read.filter((one) => one !== undefined);
  try {
    if (readable.length > 0) await surely(work, () => work.handle(readable));
    // only now, as an ack may speak for what was before it
    for (const [i, one] of read.entries()) if (!one) await refuse(work, batch[i]!, [{ path: '', message: 'is not JSON' }]);
    for (const message of work.ackAll ? batch.slice(-1) : batch) message.ack();
  } catch (error) {
    if (work.signal.aborted) for (const message of batch) message.nak();
    else if (batch.length > 1) for (const message of batch) await workOff(work, [message]);
    else await again(work, batch[0]!, readable, error);
  }
}

/** One message that failed: tried a few times more in its place, then refused. */
async function again<T>(work: Work<T>, message: JsMsg, body: Incoming<T>[], first: unknown): Promise<void> {
  let error = first;
  for (let n = 1; n < tries && !(error instanceof Poison); n++) {
    work.onError(error);
    await pause(nextTryMs * n, work.signal);
    if (work.signal.aborted) return message.nak();
    try {
      await surely(work, () => work.handle(body));
      return message.ack();
    } catch (thrown) {
      error = thrown;
    }
  }
  const fault = { path: '', message: `could not be worked off: ${error instanceof Error ? error.message : String(error)}` };
  await refuse(work, message, error instanceof Poison ? error.errors : [fault]).catch(() => message.nak());
}

/** Puts a message on REJECTED and ends it. Throws only when the signal aborts. */
async function refuse<T>(work: Work<T>, message: JsMsg, errors: Fault[]): Promise<void> {
  const rejection = {
    id: `${message.info.stream}-${message.seq}`,
    subject: message.subject,
    account: accountAndType(message.subject)?.account ?? null,
    errors,
    body: message.string(),
  };
  await surely(work, () => work.bus.reject(rejection));
  message.term(errors[0]?.message ?? 'rejected');
}

/** Tries again for as long as surroundings are away. */
async function surely<T>({ onError, signal }: Work<T>, act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!transient(error) || signal.aborted) throw error;
      onError(error);
      await pause(retryMs, signal);
      if (signal.aborted) throw error;
    }
  }
}

/** The message read; undefined when it is no JSON. */
function incoming<T>(message: JsMsg): Incoming<T> | undefined {
  let body: T;
  try {
    body = JSON.parse(message.string()) as T;
  } catch {
    return undefined;
  }
  const { subject, seq, redelivered, headers } = message;
  return { body, subject, seq, time: new Date(message.info.timestampNanos / 1e6), redelivered, headers };
}

/** Waits, but not beyond the signal. */
export const pause = (ms: number, signal?: AbortSignal) =>
  new Promise<void>((done) => {
    if (signal?.aborted) return done();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      done();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });

export const isMissing = (error: unknown): boolean =>
  error instanceof JetStreamApiError && (error.code === 10014 || error.code === 10059);

/** The consumer exists, but not as declared now. */
const isChanged = (error: unknown): boolean => error instanceof JetStreamApiError && error.code === 10148;
