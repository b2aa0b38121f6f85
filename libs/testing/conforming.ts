import { type Delivery, type FarmEvent, Problem } from '#contracts';
import type { Channel } from '#delivery';
import type { ReceivedRequest } from './receiver.js';

/** Pieces of `secrets` that `value` gives away: whole ones, and each run in them that is long enough to be a token. */
export function told(value: unknown, secrets: readonly unknown[]): string[] {
  const text = value instanceof Error ? `${value.stack} ${JSON.stringify(value)}` : JSON.stringify(value);
  const values = secrets.flatMap((secret) => (typeof secret === 'object' ? Object.values(secret ?? {}) : secret)).map(String);
  const pieces = values.flatMap((secret) => [secret, ...(secret.match(/[\w-]{21,}/g) ?? [])]);
  if (pieces.length === 0) throw new Error('There is no secret to look for: give the suite settings with secrets');
  return pieces.filter((piece) => text.includes(piece));
}

/** The ways in which a receiver may repeat what it was sent. */
export const echoes: ((request: ReceivedRequest) => string)[] = [
  ({ url, headers, body }) => JSON.stringify({ url, headers, body: body.toString() }),
  ({ url, headers }) => `${url} ${Object.values(headers).join(' ')}`,
  ({ url, headers, body }) => `${encodeURIComponent(url)} ${encodeURIComponent(JSON.stringify(headers))} ${body.toString()}`,
];

/** The first attempt of this event for a channel. */
export const deliveryOf = (channel: Channel, event: FarmEvent): Delivery => ({
  id: '0195f7a0c0de7000a000000000000001',
  account: event.account,
  channel: 'c-1',
  channel_type: channel.type,
  lane: 0,
  version: 1,
  epoch: 1,
  created_at: event.time,
  attempt: 1,
  event,
});

/** What the reader gets, whether it travels as JSON or as a form. */
export function textOf(request: ReceivedRequest | undefined): string {
  const text = request?.body.toString() ?? '';
  try {
    return `${text} ${decodeURIComponent(text.replaceAll('+', ' '))}`;
  } catch {
    return text;
  }
}

/** The value, which throws from now on when somebody changes it. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}

/** The Problem that the call is refused with; `what` is named when it is not. */
export function refusal(call: () => unknown, what?: unknown): Problem {
  try {
    call();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error(`These settings were taken: ${JSON.stringify(what)}`);
}
