import type { JsMsg } from '@nats-io/jetstream';
import { accountAndType, type Fault } from '#contracts';
import type { Bus } from './bus.js';
import { pause } from './pause.js';
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

export interface Work<T> {
  bus: Bus;
  /** Stores the output of messages, which may be none; all up to `seq` is done then. */
  handle: (messages: Incoming<T>[], seq: number) => Promise<void>;
  onError: (error: unknown) => void;
  /** One was put on REJECTED. */
  onRefused?: () => void;
  signal: AbortSignal;
}

const tries = 5;
const retryMs = 1000;
const nextTryMs = 200;

/**
 * Has a batch handled, in order. When `handle` throws: surroundings away -> the batch is held and tried again; otherwise it is
 * tried message by message, and one that keeps failing alone is put on REJECTED. Resolves when all of it is stored or
 * rejected; throws only when the signal has aborted before.
 */
export async function workOff<T>(work: Work<T>, batch: JsMsg[]): Promise<void> {
  const read = batch.map((message) => incoming<T>(message));
  for (const [i, one] of read.entries()) if (!one) await refuse(work, batch[i]!, [{ path: '', message: 'is not JSON' }]);
  const readable = read.filter((one) => one !== undefined);
  const { seq } = batch.at(-1)!;
  try {
    await surely(work, () => work.handle(readable, seq));
  } catch (error) {
    if (work.signal.aborted) throw error;
    if (batch.length > 1) for (const message of batch) await workOff(work, [message]);
    else await again(work, batch[0]!, readable, error);
  }
}

/** One message that failed: tried a few times more in its place, then rejected. */
async function again<T>(work: Work<T>, message: JsMsg, body: Incoming<T>[], first: unknown): Promise<void> {
  let error = first;
  for (let n = 1; n < tries && !(error instanceof Poison); n++) {
    work.onError(error);
    await pause(nextTryMs * n, work.signal);
    try {
      return await surely(work, () => work.handle(body, message.seq));
    } catch (thrown) {
      if (work.signal.aborted) throw thrown;
      error = thrown;
    }
  }
  const fault = { path: '', message: `could not be worked off: ${error instanceof Error ? error.message : String(error)}` };
  await refuse(work, message, error instanceof Poison ? error.errors : [fault]);
  await surely(work, () => work.handle([], message.seq));
}

async function refuse<T>(work: Work<T>, message: JsMsg, errors: Fault[]): Promise<void> {
  const rejection = {
    id: `${message.info.stream}-${message.seq}`,
    subject: message.subject,
    account: accountOf(message.subject),
    errors,
    body: message.string(),
  };
  await surely(work, () => work.bus.reject(rejection));
  work.onRefused?.();
}

/** The account that a subject names: those of events do; of the others, the same place names something else. */
const accountOf = (subject: string): string | null =>
  /^farmbell\.(ingest|event)\./.test(subject) ? (accountAndType(subject)?.account ?? null) : null;

/** What a message cannot be without: texts that are not empty, and whole numbers. Throws Poison, naming the first key at fault. */
export function sound<T extends object>(body: T, texts: (keyof T & string)[], wholes: (keyof T & string)[] = []): T {
  const given = body as Record<string, unknown> | null;
  for (const key of texts) {
    const value = given?.[key];
    if (typeof value !== 'string' || value === '' || value.includes('\0'))
      throw new Poison([{ path: key, message: 'must be a text that is not empty' }]);
  }
  for (const key of wholes)
    if (!Number.isSafeInteger(given?.[key])) throw new Poison([{ path: key, message: 'must be a whole number' }]);
  return body;
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
  return {
    body,
    subject,
    seq,
    time: new Date(message.info.timestampNanos / 1e6),
    redelivered,
    headers,
  };
}
