import { type ConsumerMessages, JetStreamApiError, type JsMsg } from '@nats-io/jetstream';
import { accountAndType, type Fault } from '#contracts';
import type { Bus } from './bus.js';
import { Doorbell } from './doorbell.js';
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
  /** At most so many messages a batch; a batch is whatever has arrived, it never waits to fill. */
  max?: number;
  signal: AbortSignal;
  onError?: (error: unknown) => void;
}

const tries = 5;

/**
 * The consume loop: hands batches to `handle` in order, one at a time, and acks a batch only when `handle` has stored its
 * output. When it throws: surroundings away -> nak and wait; otherwise the batch is tried message by message, and one that
 * keeps failing alone is put on REJECTED and terminated. Runs until the signal aborts.
 */
export async function consume<T>(
  bus: Bus,
  options: ConsumeOptions,
  handle: (messages: Incoming<T>[]) => Promise<void>,
): Promise<void> {
  const { signal, onError = () => {} } = options;
  while (!signal.aborted) {
    try {
      await bus.jsm.consumers.add(options.stream, durable(options.durable, options.filter));
      const consumer = await bus.js.consumers.get(options.stream, options.durable);
      const messages = await consumer.consume({
        max_messages: options.max ?? 500,
        expires: 10_000,
        abort_on_missing_resource: true,
      });
      const stop = () => messages.stop();
      signal.addEventListener('abort', stop, { once: true });
      try {
        await drainBatches(messages, options.max ?? 500, (batch) => workOff(bus, batch, handle, onError));
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

/** Collects what has arrived while the last batch was worked off. The consumer's max_ack_pending bounds what waits here. */
async function drainBatches(messages: ConsumerMessages, max: number, work: (batch: JsMsg[]) => Promise<void>): Promise<void> {
  const waiting: JsMsg[] = [];
  const arrived = new Doorbell();
  let ended = false;
  const reading = (async () => {
    try {
      for await (const message of messages) {
        waiting.push(message);
        arrived.ring();
      }
    } finally {
      ended = true;
      arrived.ring();
    }
  })();
  reading.catch(() => {}); // thrown below, after what had arrived is worked off
  while (waiting.length > 0 || !ended) {
    if (waiting.length === 0) await arrived.wait();
    else await work(waiting.splice(0, max));
  }
  await reading;
}

async function workOff<T>(
  bus: Bus,
  batch: JsMsg[],
  handle: (messages: Incoming<T>[]) => Promise<void>,
  onError: (error: unknown) => void,
): Promise<void> {
  const read: [JsMsg, Incoming<T>][] = [];
  for (const message of batch) {
    try {
      read.push([message, incoming<T>(message)]);
    } catch {
      await terminate(bus, message, [{ path: '', message: 'is not JSON' }]);
    }
  }
  if (read.length === 0) return;
  try {
    await handle(read.map(([, body]) => body));
    for (const [message] of read) message.ack();
  } catch (error) {
    if (read.length > 1 && !transient(error)) {
      for (const [message] of read) await workOff(bus, [message], handle, onError);
      return;
    }
    onError(error);
    for (const [message] of read) await refuse(bus, message, error);
  }
}

async function refuse(bus: Bus, message: JsMsg, error: unknown): Promise<void> {
  if (error instanceof Poison) return terminate(bus, message, error.errors);
  if (!transient(error) && message.info.deliveryCount >= tries) {
    return terminate(bus, message, [
      { path: '', message: `could not be worked off: ${error instanceof Error ? error.message : String(error)}` },
    ]);
  }
  message.nak(transient(error) ? 1000 : 200 * message.info.deliveryCount);
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
