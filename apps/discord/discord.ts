import type { APIEmbed, RESTPostAPIWebhookWithTokenJSONBody } from 'discord-api-types/v10';
import { z } from 'zod';
import { duration, type FarmEvent, type Severity, text } from '#contracts';
import { channel, clip, type Reply, retryAfter, type Verdict } from '#delivery';

// limits: https://discord.com/developers/docs/resources/message#embed-object-embed-limits
const most = { title: 256, description: 4096, fieldName: 256, fieldValue: 1024, footer: 2048, embed: 6000 };
const colours: Record<Severity, number> = {
  success: 65280,
  warning: 16753920,
  error: 16711680,
  critical: 16711680,
  info: 3447003,
};
const urlPattern =
  /^https:\/\/(?:(?:ptb|canary)\.)?discord(?:app)?\.com\/api(?:\/v\d{1,2})?\/webhooks\/(\d{16,20})\/([A-Za-z0-9_-]{60,100})\/?(?:\?thread_id=(\d{16,20}))?$/;
const where = 'Discord shows it under Edit Channel > Integrations > Webhooks > Copy Webhook URL';
const nameTaken = /clyde|discord/i;

const settings = z.strictObject({
  url: z
    .string()
    .regex(urlPattern, 'must look like https://discord.com/api/webhooks/<id>/<token>, without /slack or /github behind it')
    .meta({ secret: true, where }),
  thread_id: z
    .string()
    .regex(/^\d{16,20}$/, 'must be a thread id of 16 to 20 digits')
    .optional(),
  username: text(80)
    .min(1)
    .refine((name) => !nameTaken.test(name), "must not contain 'clyde' or 'discord': Discord refuses it")
    .optional(),
  avatar_url: z
    .url({ protocol: /^https$/, error: 'must be an https URL of a picture' })
    .max(2000)
    .optional(),
});

/** A Discord channel by its incoming webhook: https://discord.com/developers/docs/resources/webhook#execute-webhook */
export const discord = channel({
  type: 'discord',
  chat: true,
  origin: 'https://discord.com',
  settings,
  scope: ({ url }) => idAndToken(url).id,
  retry: { mode: 'backoff', schedule: [0, 5, 60, 300, 1800], expiresAfterS: 3600 },
  render: (event, { username, avatar_url }): RESTPostAPIWebhookWithTokenJSONBody => ({
    embeds: [embedOf(event)],
    // a file name must not ping anybody
    allowed_mentions: { parse: [] },
    ...(username && { username }),
    ...(avatar_url && { avatar_url }),
  }),
  // rebuilt as v10, never sent to the pasted address; wait=true: without it an unsaved message is no error
  send: (message, { url, thread_id }, { http, origin }) => {
    const { id, token, thread } = idAndToken(url);
    const topic = thread_id ?? thread;
    return http.request({
      url: `${origin}/api/v10/webhooks/${id}/${token}?wait=true${topic ? `&thread_id=${topic}` : ''}`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(message),
      timeoutMs: 10_000,
    });
  },
  verdict: (reply) => verdictOf(reply),
});

function idAndToken(url: string): { id: string; token: string; thread?: string } {
  const [, id, token, thread] = urlPattern.exec(url) ?? [];
  return { id: id ?? '', token: token ?? '', thread };
}

function embedOf(event: FarmEvent): APIEmbed {
  const footer = { text: 'Farmbell' };
  const title = clip(event.title.trim(), most.title);
  const description = clip(event.message.trim(), most.description);
  let room = most.embed - length(title) - length(description) - length(footer.text);
  const fields = factsOf(event)
    .map(([name, value]) => ({
      name: clip(name, most.fieldName),
      value: clip(value.trim() || '-', most.fieldValue),
      inline: true,
    }))
    .filter(({ name, value }) => {
      const fits = length(name) + length(value) <= room;
      if (fits) room -= length(name) + length(value);
      return fits;
    });
  return {
    title,
    description,
    color: colours[event.severity],
    timestamp: event.time,
    footer,
    ...(fields.length && { fields }),
    ...(event.link && { url: event.link }),
  };
}

/** UTF-16 units: never fewer than what Discord counts. */
const length = (text: string) => text.length;

function factsOf({ printer, job, organization }: FarmEvent): [string, string][] {
  const facts: [string, string | undefined][] = [
    ['Printer', printer?.name ?? printer?.id],
    ['Location', printer?.location],
    ['Job', job?.name ?? job?.file],
    ['Progress', job?.progress === undefined ? undefined : `${Math.round(job.progress)} %`],
    ['Remaining', job?.remaining_s === undefined ? undefined : duration(job.remaining_s)],
    ['Error', job?.error_code],
    ['Organization', organization],
  ];
  return facts.filter((fact): fact is [string, string] => Boolean(fact[1]?.trim()));
}

// codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
const meanings: Record<number, Omit<Verdict, 'retryAfterMs'>> = {
  10015: {
    outcome: 'gone',
    reason: 'gone',
    meaning: `The webhook was deleted in Discord. Make a new one and set its URL. ${where}.`,
  },
  50027: { outcome: 'gone', reason: 'auth', meaning: `Discord does not know this webhook token. ${where}.` },
  10003: { outcome: 'drop', reason: 'invalid', meaning: 'The thread does not exist (any more). Set another thread_id, or none.' },
  220001: { outcome: 'drop', reason: 'invalid', meaning: 'This is a forum channel: set thread_id to a post of it.' },
  50035: { outcome: 'drop', reason: 'invalid', meaning: 'Discord refuses the message as invalid; its answer names the field.' },
  50006: { outcome: 'drop', reason: 'invalid', meaning: 'Discord refuses the message as empty.' },
};

function verdictOf(reply: Reply): Verdict | undefined {
  const body = json(reply.body);
  const known = meanings[body?.code ?? 0];
  if (known && reply.status >= 400) return known;
  if (reply.status === 429) {
    const seconds = body?.retry_after;
    const wait =
      seconds !== undefined && Number.isFinite(seconds)
        ? Math.ceil(seconds * 1000)
        : retryAfter(reply.headers['retry-after'], Date.now());
    return { outcome: 'retry', reason: 'rate_limited', meaning: 'Discord asks to slow down.', retryAfterMs: wait ?? 60_000 };
  }
  if (reply.status === 401 || reply.status === 403)
    return { outcome: 'gone', reason: 'auth', meaning: `Discord refuses the webhook. ${where}.` };
  if (reply.status === 404) return { outcome: 'gone', reason: 'gone', meaning: `Discord does not know this webhook. ${where}.` };
  if (reply.status >= 400 && reply.status < 500)
    return {
      outcome: 'drop',
      reason: 'invalid',
      meaning: `Discord refuses the message (HTTP ${reply.status}); its answer says why.`,
    };
  return undefined;
}

function json(body: string): { code?: number; retry_after?: number } | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return parsed !== null && typeof parsed === 'object' ? parsed : undefined;
  } catch {
    return undefined;
  }
}
