import type { Hold, Verdict } from './channel.js';
import type { Next } from './retry.js';
import type { Limit, Scopes } from './scopes.js';

export interface Answered {
  limits: readonly Limit[];
  verdict: Verdict;
  /** What the reply says of its limit. */
  hold?: Hold;
  then: Next;
  now: Date;
}

/**
 * Pauses what the provider asked to wait; where it asks so again and again, its channel waits as long as the next attempt does.
 * Whether anything was paused.
 */
export function obey(scopes: Scopes, { limits, verdict: { reason, retryAfterMs }, hold, then, now }: Answered): boolean {
  if (hold) scopes.pause(hold.key, hold.ms);
  const asked = hold !== undefined && hold.ms > 0;
  if (reason !== 'rate_limited' || retryAfterMs === undefined) return asked;
  const ms = 'at' in then && then.free ? then.at.getTime() - now.getTime() : hold ? 0 : retryAfterMs;
  if (ms > 0) scopes.pause(limits[0]!.key, ms);
  return asked || ms > 0;
}
