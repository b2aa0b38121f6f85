import { type ConsumerMessages, JetStreamApiError, type JsMsg } from '@nats-io/jetstream';
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
  /** At most so many messages a batch; a batch is whatever has arrived, it never waits to fill. */
  max?: number;
  signal: AbortSignal;
  onError?: (error: unknown) => void;
}

const tries = 5;
const retryMs = 1000;
/** Well below the consumers' ack_wait: what is held here is not handed out again meanwhile. */
const beatMs = 10_000;

type Handle<T> = (messages: Incoming<T>[]) => Promise<void>;

/**
 * The consume loop: hands batches to `handle` in order, one at a time, and acks a batch only when `handle` has stored its
 * output. When it throws: surroundings away -> the batch is held and tried again, nothing overtakes it; otherwise the batch
 * is tried message by message, and one that keeps failing alone is put on REJECTED and terminated. Runs until the signal
 * aborts; what is held then goes back.
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
      const declared = durable(name, options.filter);
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
        await drainBatches(messages, options.max ?? 500, signal, (batch) => workOff({ bus, handle, onError, signal }, batch));
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
  max: number,
  signal: AbortSignal,
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
}

async function workOff<T>(work: Work<T>, batch: JsMsg[]): Promise<void> {
  const read: [JsMsg, Incoming<T>][] = [];
  for (const message of batch) {
    try {
      read.push([message, incoming<T>(message)]);
    } catch {
      await terminate(work.bus, message, [{ path: '', message: 'is not JSON' }]);
    }
  }
  while (read.length > 0) {
    try {
      await work.handle(read.map(([, body]) => body));
      for (const [message] of read) message.ack();
      return;
    } catch (error) {
      if (transient(error)) {
        work.onError(error);
        await pause(retryMs, work.signal);
        if (!work.signal.aborted) continue;
        for (const [message] of read) message.nak();
      } else if (read.length > 1) {
        for (const [message] of read) await workOff(work, [message]);
      } else {
        work.onError(error);
        await refuse(work.bus, read[0]![0], error);
      }
      return;
    }
  }
}

async function refuse(bus: Bus, message: JsMsg, error: unknown): Promise<void> {
  if (error instanceof Poison) return terminate(bus, message, error.errors);
  if (message.info.deliveryCount >= tries) {
    return terminate(bus, message, [
      { path: '', message: `could not be worked off: ${error instanceof Error ? error.message : String(error)}` },
    ]);
  }
  message.nak(200 * message.info.deliveryCount);
}

async function terminate(bus: Bus, message: JsMsg, errors: Fault[]): Promise<void> {
  try {
    await bus.reject({
      id: `${message.info.stream}-${message.seq}`,
      subject: message.subject,
      account: accountAndType(message.subject)?.account ?? null,
      errors,
      body: message.string(),
    });
    message.term(errors[0]?.message ?? 'rejected');
  } catch {
    message.nak(1000);
  }
}

const incoming = <T>(message: JsMsg): Incoming<T> => ({
  body: JSON.parse(message.string()) as T,
  subject: message.subject,
  seq: message.seq,
  time: new Date(message.info.timestampNanos / 1e6),
  redelivered: message.redelivered,
  headers: message.headers,
});

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
