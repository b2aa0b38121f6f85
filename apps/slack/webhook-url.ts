import { createHash } from 'node:crypto';

/** The address as Slack and GovSlack show it: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export const urlPattern =
  /^https:\/\/hooks\.slack(-gov)?\.com\/services\/(T[A-Z0-9]{6,14})\/(B[A-Z0-9]{6,14})\/([A-Za-z0-9]{16,64})$/;
const workflowPattern = /^https:\/\/hooks\.slack(?:-gov)?\.com\/(?:workflows|triggers)\//;

export const where = 'Slack shows it at https://api.slack.com/apps > your app > Incoming Webhooks > Webhook URL';

/** What is wrong with an address that does not match. */
export const urlFault = (given: unknown): string =>
  typeof given === 'string' && workflowPattern.test(given)
    ? "is a workflow's address, which takes variables and no messages. Make an incoming webhook instead: " +
      'https://api.slack.com/apps > Create New App > From scratch > Incoming Webhooks > Add New Webhook, and give its URL'
    : 'must look like https://hooks.slack.com/services/T…/B…/<24 letters and digits>';

export const slackOrigin = 'https://hooks.slack.com';
const govOrigin = 'https://hooks.slack-gov.com';

/** Where messages of this webhook go: made anew from its parts, never the pasted text. Another origin is the operator's, for both. */
export function addressOf(url: string, origin: string): string {
  const [, gov, team, webhook, secret] = urlPattern.exec(url) ?? [];
  return `${gov && origin === slackOrigin ? govOrigin : origin}/services/${team}/${webhook}/${secret}`;
}

/** The webhook without its secret. */
export function scopeOf(url: string): string {
  const [, , team, webhook] = urlPattern.exec(url) ?? [];
  return hash(`${team}/${webhook}`);
}

/** By the whole address: team and webhook are no secrets, and who only knows these must not slow others down. */
export const limitKeyOf = (url: string): string => `slack/webhook/${hash(url)}`;

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
