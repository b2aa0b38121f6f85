import fc from 'fast-check';
import { reasons } from '#contracts';
import { commonVerdict, failureVerdict, longestWaitMs, retryAfter } from './verdict.js';

const now = Date.parse('2026-03-01T12:00:00Z');
const of = (status: number, headers: Record<string, string> = {}) =>
  commonVerdict({ status, headers, body: '', latencyMs: 1 }, now);

describe('what a status means', () => {
  it.each([
    [200, 'delivered', null],
    [202, 'delivered', null],
    [204, 'delivered', null],
    [299, 'delivered', null],
    [301, 'retry', 'invalid'],
    [307, 'retry', 'invalid'],
    [400, 'retry', 'invalid'],
    [401, 'retry', 'auth'],
    [403, 'retry', 'auth'],
    [404, 'retry', 'invalid'],
    [408, 'retry', 'server'],
    [410, 'gone', 'gone'],
    [415, 'retry', 'invalid'],
    [425, 'retry', 'server'],
    [429, 'retry', 'rate_limited'],
    [500, 'retry', 'server'],
    [502, 'retry', 'server'],
    [503, 'retry', 'server'],
    [504, 'retry', 'server'],
    [599, 'retry', 'server'],
  ])('%i: %s, %s', (status, outcome, reason) => {
    const verdict = of(status);
    expect(verdict).toEqual({
      outcome,
      reason,
      meaning: expect.stringMatching(outcome === 'delivered' ? /took it/ : `HTTP ${status}`),
    });
  });

  it('keeps to the closed set, whatever the status', () => {
    for (let status = 200; status < 1000; status += 1) {
      const { outcome, reason } = of(status);
      expect(outcome === 'delivered' ? [null] : reasons).toContain(reason);
      expect(outcome === 'delivered').toBe(status < 300);
    }
  });

  it('passes on what Retry-After asks, where it failed', () => {
    expect(of(503, { 'retry-after': '30' }).retryAfterMs).toBe(30_000);
    expect(of(429, { 'retry-after': 'Sun, 01 Mar 2026 12:02:00 GMT' }).retryAfterMs).toBe(120_000);
    expect(of(429)).not.toHaveProperty('retryAfterMs');
    expect(of(200, { 'retry-after': '30' })).not.toHaveProperty('retryAfterMs');
  });
});

describe('Retry-After', () => {
  it.each<[string | undefined, number | undefined]>([
    ['0', 0],
    ['7', 7000],
    [' 7 ', 7000],
    ['1.5', 1500],
    ['86400', longestWaitMs],
    ['86401', longestWaitMs],
    ['99999999999999999999999', longestWaitMs],
    ['Sun, 01 Mar 2026 12:00:10 GMT', 10_000],
    ['Sunday, 01-Mar-26 12:00:10 GMT', 10_000],
    ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['Mon, 01 Mar 2126 12:00:00 GMT', longestWaitMs],
    [undefined, undefined],
    ['', undefined],
    ['soon', undefined],
    ['-1', undefined],
    ['5 seconds', undefined],
    ['1e3', undefined],
    ['120, 60', undefined],
    ['Never GMT', undefined],
    ['2026', 2_026_000],
  ])('%j is %p ms', (header, ms) => {
    expect(retryAfter(header, now)).toBe(ms);
  });

  it('is never negative, never longer than a day, never no number', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.double().map(String),
          fc.date({ noInvalidDate: true }).map((d) => d.toUTCString()),
        ),
        (text) => {
          const ms = retryAfter(text, now);
          expect(ms === undefined || (ms >= 0 && ms <= longestWaitMs)).toBe(true);
        },
      ),
    );
  });
});

describe('a call without an answer', () => {
  it.each(['timeout', 'dns', 'tls', 'network'] as const)('of reason %s is tried again and says what happened', (reason) => {
    const { meaning, ...rest } = failureVerdict(reason, 'hooks.example.org said nothing.');
    expect(rest).toEqual({ outcome: 'retry', reason });
    expect(meaning).toMatch(/^[A-Z].*\. hooks\.example\.org said nothing\.$/);
  });

  it('that was not made says why in the words of the guard alone', () => {
    expect(failureVerdict('blocked', '10.0.0.5 is private')).toEqual({
      outcome: 'retry',
      reason: 'blocked',
      meaning: '10.0.0.5 is private',
    });
  });
});
