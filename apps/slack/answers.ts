import { longestWaitMs, type Part, type Reply, retryAfter, type Verdict } from '#delivery';
import { where } from './webhook-url.js';

// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
// https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks
const gone = (reason: 'gone' | 'auth', meaning: string): Verdict => ({ outcome: 'gone', reason, meaning });
const drop = (meaning: string): Verdict => ({ outcome: 'drop', reason: 'invalid', meaning });
const renew = `Make a new webhook and set its URL. ${where}.`;
const meanings = new Map<string, Verdict>([
  ['invalid_payload', drop('Slack cannot read this message.')],
  ['no_text', drop('Slack refuses the message as one without a text.')],
  ['missing_text_or_fallback_or_attachments', drop('Slack refuses the message as one without a text.')],
  ['too_many_attachments', drop('Slack refuses the message: it has too many attachments.')],
  ['user_not_found', gone('gone', `The person this webhook writes to is no longer in Slack, or may not be written to. ${renew}`)],
  [
    'action_prohibited',
    gone(
      'auth',
      "An administrator of the workspace forbids this webhook to post. Ask them to allow it: Slack's Manage apps > Approved apps.",
    ),
  ],
  [
    'posting_to_general_channel_denied',
    gone(
      'auth',
      'Apps may not post to the general channel of this workspace. Make the webhook for another channel, or ask an administrator.',
    ),
  ],
  ['invalid_token', gone('auth', `Slack does not know the secret in this URL, or revoked it because it became public. ${renew}`)],
  ['channel_not_found', gone('gone', `The Slack channel was deleted, or is closed to this webhook. ${renew}`)],
  [
    'channel_is_archived',
    gone('gone', 'The Slack channel is archived. Unarchive it in Slack, or make a webhook for another channel and set its URL.'),
  ],
  ['no_service', gone('gone', `The webhook was removed or disabled in Slack, or is not valid. ${renew}`)],
  ['no_service_id', gone('gone', `Slack does not know this webhook. ${renew}`)],
  ['no_active_hooks', gone('gone', `The webhook is disabled in Slack. ${renew}`)],
  ['no_team', gone('gone', `Slack does not know the workspace of this webhook. ${renew}`)],
  [
    'team_disabled',
    gone('gone', 'The workspace of this webhook is disabled in Slack. Make a webhook in another one and set its URL.'),
  ],
  ['rollup_error', { outcome: 'retry', reason: 'server', meaning: 'Slack has trouble of its own.' }],
]);

/** Slack answers with one word; its statuses are documented for some words only, so that the word comes first. */
export function verdictOf(reply: Reply, _settings: unknown, sent?: { without: ReadonlySet<Part> }): Verdict | undefined {
  const { status } = reply;
  if (status === 429)
    return {
      outcome: 'retry',
      reason: 'rate_limited',
      meaning: 'Slack asks to slow down: it takes one message a second for each webhook.',
      retryAfterMs: waitMs(reply),
    };
  const word = reply.body.trim();
  if (status === 200 && word === 'ok') return { outcome: 'delivered', reason: null, meaning: 'Slack took it.' };
  if (word === 'invalid_blocks') return plainer(sent?.without);
  const known = meanings.get(word);
  if (known) return known;
  // not Slack: a proxy, or the page of a network that wants a login. Nothing says that the message is with Slack
  if (status < 300)
    return {
      outcome: 'retry',
      reason: 'server',
      meaning: `HTTP ${status} without Slack's ok: something between Farmbell and Slack answered. Check proxy and network.`,
    };
  if (status === 401 || status === 403)
    return { outcome: 'drop', reason: 'auth', meaning: `Slack refuses the message (HTTP ${status}); its answer says why.` };
  // redirects, outages, time-outs, and 410, which says by itself that the address is gone: the common table
  if (status < 400 || status >= 500 || [408, 410, 425].includes(status)) return undefined;
  return drop(`Slack refuses the message (HTTP ${status}); its answer says why.`);
}

/**
 * Slack refuses a message when it cannot fetch its picture, and does not say so to webhooks: the picture goes first, then all
 * that is laid out. https://github.com/slackapi/python-slack-sdk/issues/1782
 */
function plainer(without: ReadonlySet<Part> = new Set()): Verdict {
  const again = (part: Part, meaning: string): Verdict => ({ outcome: 'again', reason: 'invalid', meaning, without: part });
  if (!without.has('picture') && !without.has('markup'))
    return again(
      'picture',
      'Slack refuses the blocks of the message, most often because it cannot fetch the picture: sent without it. ' +
        'For pictures in Slack the operator sets FARMBELL_PUBLIC_URL to an https address that is reachable from the internet.',
    );
  if (!without.has('markup')) return again('markup', 'Slack refuses the layout of the message: sent as plain text.');
  return drop('Slack refuses the message, even as plain text.');
}

/** A 429 says in its header how long; its body is not documented. https://docs.slack.dev/apis/web-api/rate-limits */
export const waitMs = ({ headers }: Pick<Reply, 'headers'>): number =>
  Math.min(retryAfter(headers['retry-after'], Date.now()) ?? 30_000, longestWaitMs);
