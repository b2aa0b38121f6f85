import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { text } from '#contracts';
import { channel, checkUrl, commonVerdict, newSigningSecret, sign, signingSecretFault } from '#delivery';
import { formatNames, formats } from './formats/index.js';

const where = 'Your receiver compares it with what Farmbell sends; POST /v1/channels shows a generated one once';
/** Headers that are Farmbell's or the transport's own. */
const reserved =
  /^(host|content-length|content-type|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|proxy-.*|user-agent|x-api-key|webhook-.*)$/i;

const settings = z.strictObject({
  url: text(2000).meta({ masksQuery: true, where: 'The address of your receiver, e.g. https://example.org/hook' }),
  format: z.enum(formatNames).default('farmbell'),
  success: z.enum(['2xx', '200']).default('2xx'),
  timeout_s: z.number().min(1).max(30).default(10),
  api_key: text(500)
    .min(32, 'must have at least 32 characters')
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
    .optional()
    .meta({ secret: true, where }),
  signing_secret: text(500).optional().meta({ secret: true, where }),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'is not a header name'),
      text(1000).regex(/^[\x20-\x7e]*$/, 'must be printable ASCII'),
    )
    // each is looked for in every answer
    .refine((headers) => Object.keys(headers).length <= 50, 'holds more than 50 headers')
    .optional()
    .meta({ secret: true }),
});

/** Any HTTP receiver: one POST, signed as Standard Webhooks asks (https://www.standardwebhooks.com). */
export const webhook = channel({
  type: 'webhook',
  chat: false,
  origin: '',
  settings,
  check: (given, { allowHttp, policy }) => {
    const faults: [string, string][] = [];
    const url = checkUrl(given.url, { allowHttp, policy });
    if (url) faults.push(['url', url]);
    const secret = given.signing_secret && signingSecretFault(given.signing_secret);
    if (secret) faults.push(['signing_secret', secret]);
    for (const name of Object.keys(given.headers ?? {}))
      if (reserved.test(name)) faults.push([`headers.${name}`, 'is set by Farmbell itself']);
    return faults;
  },
  generate: (given, rotate) => ({
    ...((rotate || !given.api_key) && { api_key: randomBytes(32).toString('base64url') }),
    ...(!given.signing_secret && { signing_secret: newSigningSecret() }),
  }),
  // a receiver's limit is its channel's own
  scope: () => '',
  retry: { mode: 'backoff', schedule: [0, 5, 300, 1800, 7200, 18_000, 36_000, 36_000], expiresAfterS: 48 * 3600 },
  render: (event, given, links) => {
    const { contentType, body, headers } = formats[given.format](event, links);
    return { body: JSON.stringify(body), headers: { 'content-type': contentType, ...headers } };
  },
  send: (message, given, { deliveryId, now, http }) => {
    const seconds = Math.floor(now.getTime() / 1000);
    return http.request({
      url: given.url,
      method: 'POST',
      headers: {
        ...given.headers,
        ...message.headers,
        ...(given.api_key && { 'x-api-key': given.api_key }),
        'webhook-id': deliveryId,
        'webhook-timestamp': String(seconds),
        ...(given.signing_secret && { 'webhook-signature': sign(given.signing_secret, deliveryId, seconds, message.body) }),
      },
      body: message.body,
      timeoutMs: given.timeout_s * 1000,
    });
  },
  verdict: (reply, given) =>
    given.success === '200' && reply.status !== 200 && reply.status >= 201 && reply.status < 300
      ? { outcome: 'retry', reason: 'invalid', meaning: `HTTP ${reply.status}: this channel takes only 200 for success.` }
      : commonVerdict(reply),
});
