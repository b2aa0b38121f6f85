import { retryDefaults } from '#contracts';
import { channel, commonVerdict, sign } from '#delivery';
import { formats } from './formats/index.js';
import { presetOf } from './formats/presets.js';
import { faultsOf, generated, settings } from './settings.js';

/** Any HTTP receiver: one POST, signed as Standard Webhooks asks (https://www.standardwebhooks.com). */
export const webhook = channel({
  type: 'webhook',
  chat: false,
  origin: '',
  settings,
  check: faultsOf,
  generate: generated,
  // a receiver's limit is its channel's own
  scope: () => '',
  retry: { mode: 'backoff', schedule: retryDefaults.webhook, expiresAfterS: 48 * 3600 },
  retryMode: ({ format }) => presetOf(format).mode ?? 'backoff',
  render: (event, given, { publicUrl, page, channel }) => {
    const { contentType, body, headers } = formats[given.format](event, { publicUrl, page, channel, settings: given });
    return { body: JSON.stringify(body), headers: { 'content-type': contentType, ...headers } };
  },
  send: (message, given, { deliveryId, now, http, traceparent }) => {
    const seconds = Math.floor(now.getTime() / 1000);
    return http.request({
      url: given.url,
      method: 'POST',
      headers: {
        ...given.headers,
        ...message.headers,
        ...(given.api_key && { 'x-api-key': given.api_key }),
        ...(traceparent && { traceparent }),
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
