import fc from 'fast-check';
import { type ChannelType, retryDefaults } from '#contracts';
import type { Verdict } from './channel.js';
import { expiry, next } from './retry.js';

const now = new Date('2026-03-01T12:00:00Z');
const retry: Verdict = { outcome: 'retry', reason: 'server', meaning: 'x' };
const limited = (retryAfterMs?: number): Verdict => ({ outcome: 'retry', reason: 'rate_limited', meaning: 'x', retryAfterMs });
const channel = { type: 'discord' as ChannelType, retry: { mode: 'backoff' as const, attempts: 5 }, expires_after_s: 7 * 86_400 };
const never = () => 0;
const always = () => 0.999_999;

/** Seconds until the next attempt, or how it ended. */
function after(
  attempt: number,
  verdict = retry,
  {
    given = channel,
    schedule = retryDefaults.chat as readonly number[],
    random = never,
    createdAt = now,
    test = false,
    free = 0,
  } = {},
): number | string {
  const delivery = { attempt, free, created_at: createdAt.toISOString(), ...(test && { test: { reply: 'x' } }) };
  const then = next(delivery, verdict, given, schedule, now, random);
  return 'at' in then ? (then.at.getTime() - now.getTime()) / 1000 : then.outcome;
}

describe('after an attempt', () => {
  it('that was taken, it is delivered; that can never succeed, or whose destination is gone, it failed', () => {
    expect(after(1, { outcome: 'delivered', reason: null, meaning: '' })).toBe('delivered');
    expect(after(1, { outcome: 'drop', reason: 'invalid', meaning: '' })).toBe('failed');
    expect(after(1, { outcome: 'gone', reason: 'gone', meaning: '' })).toBe('failed');
  });

  it('the schedule decides', () => {
    expect([1, 2, 3, 4, 5, 6].map((n) => after(n))).toEqual([5, 60, 300, 1800, 'failed', 'failed']);
    const webhook = { given: { ...channel, retry: { mode: 'backoff' as const, attempts: 8 } }, schedule: retryDefaults.webhook };
    expect([1, 2, 3, 4, 5, 6, 7, 8].map((n) => after(n, retry, webhook))).toEqual([
      5,
      300,
      1800,
      7200,
      18_000,
      36_000,
      36_000,
      'failed',
    ]);
  });

  it('the last wait goes on where there are more attempts than waits', () => {
    const given = { ...channel, retry: { mode: 'backoff' as const, attempts: 9 } };
    expect([5, 6, 8, 9].map((n) => after(n, retry, { given }))).toEqual([1800, 1800, 1800, 'failed']);
    expect(after(1, retry, { schedule: [] })).toBe(60);
  });

  it('there is no other in mode once, nor of a test', () => {
    expect(after(1, retry, { given: { ...channel, retry: { mode: 'once' as never, attempts: 5 } } })).toBe('failed');
    expect(after(1, limited(1000), { test: true })).toBe('failed');
  });

  it('jitter only lengthens, by a fifth at most', () => {
    expect(after(2, retry, { random: always })).toBeCloseTo(72, 2);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (n, random) => {
        const wait = after(n, retry, { random: () => random }) as number;
        const scheduled = retryDefaults.chat[n]!;
        expect(wait >= scheduled && wait <= scheduled * 1.2).toBe(true);
      }),
    );
  });
});

describe('Retry-After', () => {
  it('is obeyed where the provider asks to slow down, with a little jitter upward', () => {
    expect([after(1, limited(700)), after(4, limited(2000)), after(1, limited(90_000))]).toEqual([0.7, 2, 90]);
    const jittered = after(1, limited(100_000), { random: always }) as number;
    expect(jittered).toBeGreaterThan(100);
    expect(jittered).toBeLessThanOrEqual(105);
  });

  it('costs no attempt, but in mode once of a webhook', () => {
    expect(after(5, limited(2000))).toBe(2);
    const once = { ...channel, retry: { mode: 'once' as never, attempts: 1 } };
    expect(after(1, limited(2000), { given: once })).toBe(2);
    expect(after(1, limited(2000), { given: { ...once, type: 'webhook' } })).toBe('failed');
    expect(after(8, limited(2000), { given: { ...channel, type: 'webhook' } })).toBe(2);
    // the schedule goes on where it was
    expect([after(4, retry, { free: 3 }), after(8, retry, { free: 3 })]).toEqual([5, 'failed']);
  });

  it('again and again is obeyed more and more rarely', () => {
    expect([1, 2, 3, 9, 10, 30].map((free) => after(free + 1, limited(100), { free }))).toEqual([1, 2, 4, 256, 300, 300]);
    expect(after(10, limited(400_000), { free: 9 })).toBe(400);
  });

  it('without a number leaves it to the schedule', () => {
    expect(after(1, limited())).toBe(5);
    expect(after(1, limited(Number.NaN))).toBe(5);
  });

  it('of another failure lengthens the wait and never shortens it', () => {
    expect(after(2, { ...retry, retryAfterMs: 1000 })).toBe(60);
    expect(after(2, { ...retry, retryAfterMs: 90_000 })).toBe(90);
  });

  it('is never a time before now, nor none at all', () => {
    expect(after(1, limited(-5000))).toBe(0);
    expect(after(1, limited(1e300))).toBe(86_400);
    expect(after(1, limited(Number.POSITIVE_INFINITY))).toBe(86_400);
  });
});

it('what is to be sent again in another form goes at once and costs no attempt, but not for ever', () => {
  const again: Verdict = { outcome: 'again', reason: 'invalid', meaning: '', without: 'picture' };
  expect(after(1, again)).toBe(0);
  expect(after(1, again, { given: { ...channel, retry: { mode: 'once' as never, attempts: 1 } } })).toBe(0);
  expect([after(9, again, { free: 8 }), after(51, again, { free: 50 })]).toEqual([0, 'failed']);
});

describe('a delivery expires', () => {
  const given = { ...channel, expires_after_s: 3600 };
  const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);

  it('counted from its creation', () => {
    expect(expiry({ created_at: now.toISOString() }, given)).toBe(now.getTime() + 3600_000);
  });

  it('when its next attempt would come too late, and not before', () => {
    expect(after(3, retry, { given, createdAt: minutesAgo(55) })).toBe(300);
    expect(after(3, retry, { given, createdAt: minutesAgo(56) })).toBe('expired');
    expect(after(1, limited(3_601_000), { given })).toBe('expired');
  });

  it('but failed when there was none to come', () => {
    expect(after(5, retry, { given, createdAt: minutesAgo(59) })).toBe('failed');
    expect(after(1, { outcome: 'drop', reason: 'invalid', meaning: '' }, { given, createdAt: minutesAgo(90) })).toBe('failed');
  });
});
