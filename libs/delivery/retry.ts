import type { ChannelCopy, Delivery } from '#contracts';
import type { Verdict } from './channel.js';
import { longestWaitMs } from './verdict.js';

/** How a delivery goes on after an attempt: it ended, or its next attempt is at `at`. */
export type Next = { outcome: 'delivered' | 'failed' | 'expired' } | { at: Date };

const jitter = 0.2;

/**
 * What follows an attempt. `schedule` are the seconds before attempt 1, 2, …; jitter only lengthens, so that nothing comes
 * sooner than promised. A provider's Retry-After replaces the schedule's wait where it asks to slow down; at any other failure
 * it only lengthens it: `503` with `Retry-After: 1` at every try would otherwise use up all attempts within seconds.
 */
export function next(
  delivery: Pick<Delivery, 'attempt' | 'created_at' | 'test'>,
  verdict: Verdict,
  channel: Pick<ChannelCopy, 'retry' | 'expires_after_s'>,
  schedule: readonly number[],
  now: Date,
  random = Math.random,
): Next {
  if (verdict.outcome === 'delivered') return { outcome: 'delivered' };
  const attempts = delivery.test || channel.retry.mode === 'once' ? 1 : channel.retry.attempts;
  if (verdict.outcome !== 'retry' || delivery.attempt >= attempts) return { outcome: 'failed' };
  const scheduled = (schedule[delivery.attempt] ?? schedule.at(-1) ?? 60) * 1000;
  const asked = askedMs(verdict);
  const least = asked === undefined || verdict.reason !== 'rate_limited' ? scheduled : 0;
  const wait = Math.max(asked ?? 0, least);
  const at = new Date(now.getTime() + wait * (1 + jitter * random() * (wait === asked ? 0.25 : 1)));
  return at.getTime() > expiry(delivery, channel) ? { outcome: 'expired' } : { at };
}

/** What the provider asked to wait, in bounds: a wait beyond what a date can hold would be no date at all. */
const askedMs = ({ retryAfterMs }: Verdict): number | undefined =>
  retryAfterMs === undefined || Number.isNaN(retryAfterMs) ? undefined : Math.min(Math.max(retryAfterMs, 0), longestWaitMs);

/** When the delivery is no longer worth sending, ms since the epoch. */
export const expiry = (delivery: Pick<Delivery, 'created_at'>, channel: Pick<ChannelCopy, 'expires_after_s'>): number =>
  Date.parse(delivery.created_at) + channel.expires_after_s * 1000;
