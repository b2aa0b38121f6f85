import type { ChannelCopy, Delivery } from '#contracts';
import type { Verdict } from './channel.js';
import { longestWaitMs } from './verdict.js';

/** How a delivery goes on after an attempt: it ended, or its next attempt is at `at`; `free`: this one did not count. */
export type Next = { outcome: 'delivered' | 'failed' | 'expired' } | { at: Date; free: boolean };

const jitter = 0.2;
/** A provider that asks to wait again and again is asked more and more rarely, whatever it says. */
const rarestMs = 300_000;
/** Each part is left out once; this ends what moves a channel to and fro, however often it was asked to wait meanwhile. */
const mostAgain = 50;

/**
 * What follows an attempt. `schedule` are the seconds before attempt 1, 2, …; jitter only lengthens, so that nothing comes
 * sooner than promised. Where a provider asks to slow down and says for how long, that is the wait, and the attempt does not
 * count (but in a webhook's mode `once`, which its vendor documents); at any other failure Retry-After only lengthens the
 * schedule's wait: `503` with `Retry-After: 1` at every try would otherwise use up all attempts within seconds.
 */
export function next(
  delivery: Pick<Delivery, 'attempt' | 'free' | 'created_at' | 'test'>,
  verdict: Verdict,
  channel: Pick<ChannelCopy, 'retry' | 'expires_after_s' | 'type'>,
  schedule: readonly number[],
  now: Date,
  random = Math.random,
): Next {
  if (verdict.outcome === 'delivered') return { outcome: 'delivered' };
  const { free = 0 } = delivery;
  if (verdict.outcome === 'again') return free < mostAgain ? { at: now, free: true } : { outcome: 'failed' };
  if (verdict.outcome !== 'retry') return { outcome: 'failed' };
  const asked = askedMs(verdict);
  const limited = verdict.reason === 'rate_limited' && asked !== undefined;
  const isFree = limited && !delivery.test && (channel.type !== 'webhook' || channel.retry.mode === 'backoff');
  const attempts = delivery.test || channel.retry.mode === 'once' ? 1 : channel.retry.attempts;
  const counted = delivery.attempt - free;
  if (!isFree && counted >= attempts) return { outcome: 'failed' };
  const scheduled = (schedule[counted] ?? schedule.at(-1) ?? 60) * 1000;
  const least = limited ? (isFree && free > 0 ? Math.min(500 * 2 ** free, rarestMs) : 0) : scheduled;
  const wait = Math.max(asked ?? 0, least);
  const at = new Date(now.getTime() + wait * (1 + jitter * random() * (wait === asked ? 0.25 : 1)));
  return at.getTime() > expiry(delivery, channel) ? { outcome: 'expired' } : { at, free: isFree };
}

/** What the provider asked to wait, in bounds: a wait beyond what a date can hold would be no date at all. */
const askedMs = ({ retryAfterMs }: Verdict): number | undefined =>
  retryAfterMs === undefined || Number.isNaN(retryAfterMs) ? undefined : Math.min(Math.max(retryAfterMs, 0), longestWaitMs);

/** When the delivery is no longer worth sending, ms since the epoch. */
export const expiry = (delivery: Pick<Delivery, 'created_at'>, channel: Pick<ChannelCopy, 'expires_after_s'>): number =>
  Date.parse(delivery.created_at) + channel.expires_after_s * 1000;
