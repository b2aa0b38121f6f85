import { z } from 'zod';
import { retryDefaults } from '#contracts';
import { channel } from '#delivery';
import { verdictOf, waitMs } from './answers.js';
import { messageOf } from './message.js';
import { addressOf, limitKeyOf, scopeOf, slackOrigin, urlFault, urlPattern, where } from './webhook-url.js';

const settings = z.strictObject({
  url: z
    .string()
    .regex(urlPattern, { error: ({ input }) => urlFault(input) })
    .meta({ secret: true, where }),
});

/**
 * A Slack channel by its incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 * It takes no files, names no message that it posted, and so changes none. There is no `verify` either: Slack has no call
 * that checks a webhook without a message that everybody sees; POST …/test is the way to know.
 */
export const slack = channel({
  type: 'slack',
  chat: true,
  origin: slackOrigin,
  settings,
  scope: ({ url }) => scopeOf(url),
  // one message a second for each webhook: https://docs.slack.dev/apis/web-api/rate-limits
  limits: ({ url }) => [{ key: limitKeyOf(url), atOnce: 1, rates: [[1, 1000]] }],
  holds: (reply, { url }) => (reply.status === 429 ? { key: limitKeyOf(url), ms: waitMs(reply) } : undefined),
  retry: { mode: 'backoff', schedule: retryDefaults.chat, expiresAfterS: 3600 },
  render: (event, _, links) => messageOf(event, links),
  send: (message, { url }, { http, origin }) =>
    http.request({
      url: addressOf(url, origin),
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(message),
      // Slack fetches a picture before it answers, for up to 10 s: https://github.com/slackapi/node-slack-sdk/issues/809
      timeoutMs: 15_000,
    }),
  verdict: verdictOf,
});
