import fc from 'fast-check';
import { channelTypes, reasons } from '#contracts';
import { fuzz, hostileText } from '#fuzzing';
import { next } from './retry.js';
import { newSigningSecret, sign, signingSecretFault } from './signature.js';
import { commonVerdict, longestWaitMs, retryAfter } from './verdict.js';

const header = fc.oneof(
  hostileText,
  fc.constantFrom('0', '-1', '1e9', '1e400', '9'.repeat(400), '0x10', '1.5', '1.', '.5', ' 7 ', '7, 8', 'NaN', 'Infinity', '٣'),
  fc.constantFrom(
    'Wed, 21 Oct 2015 07:28:00 GMT',
    'Fri, 31 Dec 9999 23:59:59 GMT',
    'Thu, 01 Jan 99999 00:00:00 GMT',
    'x GMT',
    '0 GMT',
  ),
  fc.constantFrom(`${'1'.repeat(100_000)}x`, `${'1.'.repeat(50_000)}`, `${' '.repeat(100_000)}GMT`),
);
const now = Date.parse('2026-03-01T12:00:00Z');

it('Retry-After, whatever it holds, asks to wait between nothing and a day', () => {
  fc.assert(
    fc.property(header, (text) => {
      const wait = retryAfter(text, now);
      if (wait !== undefined) expect([Number.isFinite(wait), wait >= 0, wait <= longestWaitMs]).toEqual([true, true, true]);
    }),
    fuzz(200),
  );
});

it('whatever is answered, the delivery ends or has a time for its next attempt', () => {
  const reply = fc.record({
    status: fc.integer({ min: 100, max: 999 }),
    headers: fc.record({ 'retry-after': header, location: hostileText }, { requiredKeys: [] }),
    body: hostileText,
    latencyMs: fc.nat(),
  });
  const delivery = fc.record({
    attempt: fc.integer({ min: 1, max: 20 }),
    created_at: fc.constantFrom('2026-03-01T11:59:00Z', '2020-01-01T00:00:00Z'),
  });
  const copy = fc.record({
    type: fc.constantFrom(...channelTypes),
    retry: fc.record({ mode: fc.constantFrom('once' as const, 'backoff' as const), attempts: fc.integer({ min: 1, max: 20 }) }),
    expires_after_s: fc.integer({ min: 1, max: 30 * 86_400 }),
  });
  fc.assert(
    fc.property(reply, delivery, copy, (given, of, channel) => {
      const verdict = commonVerdict(given, now);
      if (verdict.reason !== null) expect(reasons).toContain(verdict.reason);
      const then = next(of, verdict, channel, [0, 5, 60], new Date(now));
      if ('at' in then) expect(then.at.getTime()).toBeGreaterThanOrEqual(now);
      else expect(['delivered', 'failed', 'expired']).toContain(then.outcome);
    }),
    fuzz(200),
  );
});

it('a signing secret is one, or is refused without being repeated', () => {
  const secret = fc.oneof(
    hostileText,
    hostileText.map((text) => `whsec_${text}`),
    fc.uint8Array({ maxLength: 80 }).map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`),
  );
  fc.assert(
    fc.property(secret, hostileText, (given, body) => {
      const fault = signingSecretFault(given);
      if (fault === undefined) expect(sign(given, 'd1', 1, body)).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
      else {
        expect(() => sign(given, 'd1', 1, body)).toThrow(/signing secret/);
        if (given.length > 12) expect(fault).not.toContain(given);
      }
    }),
    fuzz(100),
  );
  expect(signingSecretFault(newSigningSecret())).toBeUndefined();
});
