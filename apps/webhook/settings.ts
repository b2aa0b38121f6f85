import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { text } from '#contracts';
import { type CheckContext, checkUrl, newSigningSecret, signingSecretFault } from '#delivery';
import { formatNames } from './formats/index.js';
import { presetOf, withSecret } from './formats/presets.js';

const where = 'Your receiver compares it with what Farmbell sends; POST /v1/channels shows a generated one once';
/** Headers that are Farmbell's or the transport's own. */
const reserved =
  /^(host|content-length|content-type|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|proxy-.*|user-agent|x-api-key|traceparent|webhook-.*)$/i;
/** SimplyPrint's, made from `secret`. */
const fromSecret = /^x-sp-(token|secret)$/i;

export const settings = z
  .strictObject({
    url: text(2000).meta({ masksQuery: true, where: 'The address of your receiver, e.g. https://example.org/hook' }),
    format: z.enum(formatNames).default('farmbell'),
    success: z
      .enum(['2xx', '200'])
      .optional()
      .describe('2xx unless given; 200 where that is what the format asks for: octoeverywhere'),
    timeout_s: z.number().min(1).max(30).default(10),
    api_key: text(500)
      .min(32, 'must have at least 32 characters')
      .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
      .optional()
      .meta({ secret: true, where }),
    signing_secret: text(500).optional().meta({ secret: true, where }),
    // 128: https://docs.octoeverywhere.com/webhook-notifications/setup/, and SimplyPrint's form takes no more
    secret: text(128).min(1, 'must not be empty: leave it out to send none').optional().meta({
      secret: true,
      where: "It is the secret token that a receiver of SimplyPrint's webhooks compares, or the SecretKey of OctoEverywhere's",
    }),
    headers: z
      .record(
        z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'is not a header name'),
        text(1000).regex(/^[\x20-\x7e]*$/, 'must be printable ASCII'),
      )
      // each is looked for in every answer
      .refine((headers) => Object.keys(headers).length <= 50, 'holds more than 50 headers')
      .optional()
      .meta({ secret: true }),
  })
  // what the format presets is shown, and stays until it is changed
  .overwrite((given) => ({ ...given, success: given.success ?? presetOf(given.format).success ?? '2xx' }));

export type WebhookSettings = z.infer<typeof settings>;

/** What the schema cannot say. */
export function faultsOf(given: WebhookSettings, { allowHttp, policy }: CheckContext): [path: string, message: string][] {
  const faults: [string, string][] = [];
  const url = checkUrl(given.url, { allowHttp, policy });
  if (url) faults.push(['url', url]);
  const signing = given.signing_secret && signingSecretFault(given.signing_secret);
  if (signing) faults.push(['signing_secret', signing]);
  const secret = given.secret && secretFault(given.format, given.secret);
  if (secret) faults.push(['secret', secret]);
  for (const name of Object.keys(given.headers ?? {})) {
    if (reserved.test(name)) faults.push([`headers.${name}`, 'is set by Farmbell itself']);
    else if (given.format === 'simplyprint' && fromSecret.test(name))
      faults.push([`headers.${name}`, "is set by Farmbell itself, to the channel's `secret`"]);
  }
  return faults;
}

function secretFault(format: WebhookSettings['format'], secret: string): string | undefined {
  const { secret: fault } = presetOf(format);
  if (fault) return fault(secret);
  return `belongs to the formats ${withSecret.join(' and ')}, and this channel's is ${format}: set it to null, or choose one of those formats`;
}

/** The secrets that only Farmbell and the receiver know. A key that the format knows nothing of is made when a person asks for a new one. */
export const generated = (given: WebhookSettings, rotate: boolean): Partial<WebhookSettings> => ({
  ...((rotate || (presetOf(given.format).apiKey && !given.api_key)) && { api_key: randomBytes(32).toString('base64url') }),
  ...(!given.signing_secret && { signing_secret: newSigningSecret() }),
});
