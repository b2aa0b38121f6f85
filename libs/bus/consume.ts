import { JetStreamApiError, type JsMsg } from '@nats-io/jetstream';
import type { Bus } from './bus.js';
import { pause } from './pause.js';
import { follows, ReadAhead } from './read-ahead.js';
import { durable, type StreamName } from './streams.js';
import { type Incoming, workOff } from './work-off.js';

export interface ConsumeOptions {
  stream: StreamName;
  /** The durable consumer's name; made when missing, also after a broker came back without it. */
  durable: string;
  filter?: string | string[];
  /**
   * For a work queue with one reader at a time: the consumer is made anew, so that what a killed reader held comes at once and
   * in its place, not after ack_wait and behind newer ones; so does what was lost on its way here. The old reader's acks are
   * refused from then on.
   */
  fresh?: boolean;
  /** At most so many messages a batch; a batch is whatever has arrived, it never waits to fill. */
  max?: number;
  signal: AbortSignal;
  onError?: (error: unknown) => void;
  /** A message that can never be worked off was put on REJECTED. */
  onRefused?: () => void;
}

/** Well below the consumers' ack_wait: what is held here is not handed out again meanwhile. */
const beatMs = 10_000;
const idleMs = 60_000;

/**
 * Reads a durable consumer: hands batches to `handle` in order, one at a time (see workOff()), and acks a batch only when all of
 * it is stored. Runs until the signal aborts; what is held then goes back. For work queues: a stream that keeps its messages is
 * read by follow(), whose place cannot be lost with an ack.
 */
export async function consume<T>(
  bus: Bus,
  options: ConsumeOptions,
  handle: (messages: Incoming<T>[]) => Promise<void>,
): Promise<void> {
  const { signal, onError = () => {}, onRefused } = options;
  let reader: ReadAhead | undefined;
  const stop = () => reader?.stop();
  // what was on its way when the connection broke would come after ack_wait, behind newer ones
  const left = options.fresh ? bus.onReconnect(stop) : () => {};
  signal.addEventListener('abort', stop, { once: true });
  while (!signal.aborted) {
    try {
      reader = await open(bus, options);
      if (signal.aborted) stop();
      await read(reader, options, (batch) => workOff({ bus, handle, onError, onRefused, signal }, batch));
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
    if (!signal.aborted) await pause(250, signal);
  }
  left();
}

async function open(bus: Bus, { stream, durable: name, filter, fresh, max = 500 }: ConsumeOptions): Promise<ReadAhead> {
  if (fresh)
    await bus.jsm.consumers.delete(stream, name).catch((error) => {
      if (!isMissing(error)) throw error;
    });
  const declared = durable(name, filter);
  await bus.jsm.consumers.add(stream, declared).catch(async (error) => {
    if (!isChanged(error)) throw error;
    await bus.jsm.consumers.update(stream, name, declared);
  });
  const consumer = await bus.js.consumers.get(stream, name);
  const messages = await consumer.consume({ max_messages: max, expires: 5_000, abort_on_missing_resource: true });
  return new ReadAhead(messages, { lagOf: { consumer: bus.name, stream } });
}

/** Batch after batch until the reader ends; what is held then goes back. Throws what ended it. */
async function read(
  reader: ReadAhead,
  { stream, max = 500, fresh, signal }: ConsumeOptions,
  work: (batch: JsMsg[]) => Promise<void>,
): Promise<void> {
  let batch: JsMsg[] = [];
  let last: JsMsg | undefined;
  let failure: unknown;
  const beat = setInterval(() => {
    for (const message of [...batch, ...reader.waiting]) message.working();
  }, beatMs);
  try {
    while (!reader.ended && !signal.aborted) {
      batch = await reader.take(max, idleMs);
      if (batch.length === 0) continue;
      if (fresh && !batch.every((message, i) => follows(message, i > 0 ? batch[i - 1] : last)))
        throw new Error(`a message of ${stream} was lost on its way: all are read again, in order`);
      last = batch.at(-1);
      await work(batch);
      for (const message of batch) message.ack();
      batch = [];
    }
  } catch (error) {
    failure = error;
  }
  clearInterval(beat);
  await reader.close().catch((error) => {
    failure ??= error;
  });
  for (const message of [...batch, ...reader.waiting]) message.nak();
  if (failure) throw failure;
}

export const isMissing = (error: unknown): boolean =>
  error instanceof JetStreamApiError && (error.code === 10014 || error.code === 10059);

/** The consumer exists, but not as declared now. */
const isChanged = (error: unknown): boolean => error instanceof JetStreamApiError && error.code === 10148;
