import type { Reason } from '#contracts';
import type { Verdict } from './channel.js';
import type { Reply } from './http/index.js';

/** No provider is waited for longer, whatever it says. */
export const longestWaitMs = 24 * 3600_000;

/** What a status means where the channel type knows no better. */
export function commonVerdict(reply: Reply, now = Date.now()): Verdict {
  const { status } = reply;
  const retryAfterMs = retryAfter(reply.headers['retry-after'], now);
  const failed = (outcome: Verdict['outcome'], reason: Reason, meaning: string): Verdict => ({
    outcome,
    reason,
    meaning,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
  if (status >= 200 && status < 300) return { outcome: 'delivered', reason: null, meaning: 'The receiver took it.' };
  if (status === 410)
    return failed(
      'gone',
      'gone',
      'HTTP 410: the receiver says that this address is gone for good. Give the channel a new URL, then enable it.',
    );
  if (status === 401 || status === 403)
    return failed('retry', 'auth', `HTTP ${status}: the receiver refuses the credentials. Check the key that it expects.`);
  if (status === 429)
    return failed('retry', 'rate_limited', 'HTTP 429: the receiver asks to slow down; the next attempt waits as it says.');
  if (status === 408 || status === 425 || status >= 500)
    return failed('retry', 'server', `HTTP ${status}: the receiver has trouble of its own.`);
  if (status >= 300 && status < 400)
    return failed('retry', 'invalid', `HTTP ${status}: redirects are not followed. Set the URL that it points to.`);
  return failed('retry', 'invalid', `HTTP ${status}: the receiver refuses the message. Its answer may say why.`);
}

/** `Retry-After` as milliseconds from now: seconds (decimals allowed) or an HTTP date; at most a day. */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (!header) return undefined;
  // Date.parse takes nearly anything for a date, '-1' and '5 seconds' too: an HTTP date ends in GMT
  const date = / GMT$/.test(header.trim()) ? Date.parse(header) : Number.NaN;
  const ms = /^\d+(\.\d+)?$/.test(header.trim()) ? Number(header) * 1000 : date - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longestWaitMs) : undefined;
}

const failures: Record<'timeout' | 'dns' | 'tls' | 'network' | 'blocked', string> = {
  timeout: 'No answer in time.',
  dns: 'The host name could not be resolved. Check the URL.',
  tls: 'The TLS handshake failed: certificate or protocol. Check the certificate of the receiver.',
  network: 'The connection failed or broke.',
  blocked: 'The address is not allowed.',
};

/** A call that brought no answer. */
export function failureVerdict(reason: keyof typeof failures, detail: string): Verdict {
  return { outcome: 'retry', reason, meaning: reason === 'blocked' ? detail : `${failures[reason]} ${detail}`.trim() };
}
