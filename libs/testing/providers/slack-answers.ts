import type { Answer } from '../receiver.js';

/**
 * Slack's words and their statuses: https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks, and
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, which names the others without a status.
 */
const statuses = {
  invalid_payload: 400,
  no_text: 400,
  invalid_blocks: 400,
  too_many_attachments: 400,
  user_not_found: 400,
  action_prohibited: 403,
  posting_to_general_channel_denied: 403,
  invalid_token: 403,
  channel_not_found: 404,
  no_service: 404,
  no_service_id: 404,
  no_active_hooks: 404,
  no_team: 404,
  team_disabled: 403,
  channel_is_archived: 410,
  rollup_error: 500,
} as const;
export type SlackWord = keyof typeof statuses;

/** One word, and HTML by its type: https://github.com/cloudfoundry-community/slack-notification-resource/issues/96 */
const word = (status: number, body: string): Answer => ({ status, headers: { 'content-type': 'text/html' }, body });

export const taken: Answer = word(200, 'ok');
export const refusal = (says: SlackWord): Answer => word(statuses[says], says);

/** https://docs.slack.dev/apis/web-api/rate-limits */
export const slowDown = (waitS: number): Answer => ({
  status: 429,
  headers: { 'retry-after': String(waitS) },
  body: { ok: false, error: 'rate_limited' },
});
