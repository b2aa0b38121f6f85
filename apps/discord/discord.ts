import type { APIEmbed, RESTPostAPIWebhookWithTokenJSONBody } from 'discord-api-types/v10';
import { z } from 'zod';
import { contentOf, type FarmEvent, type Severity, text } from '#contracts';
import { channel, clip, longestWaitMs, type Reply, retryAfter, type Verdict } from '#delivery';

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
    .refine((name) => name.trim() !== '', 'must not be blank')
    .refine((name) => !nameTaken.test(name), "must not contain 'clyde' or 'discord': Discord refuses it")
    .optional(),
  avatar_url: text(2000)
    .refine((url) => /^https:\/\/[\x21-\x7e]+$/.test(url) && isPublicName(url), 'must be an https URL of a picture')
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
  const content = contentOf(event);
  const title = clip(content.title, most.title);
  const description = clip(content.message, most.description);
  const linked = event.link !== undefined && isPublicName(event.link);
  let room = most.embed - length(title) - length(description) - length(footer.text);
  const facts = content.facts.concat(event.link === undefined || linked ? [] : [['Link', event.link]]);
  const fields = facts
    .map(([name, value]) => ({
      name: clip(name, most.fieldName),
      value: clip(value.trim(), most.fieldValue),
      inline: true,
    }))
    .filter(({ name, value }) => {
      const fits = length(name) + length(value) <= room;
      if (fits) room -= length(name) + length(value);
      return fits;
    });
  return {
    title,
    ...(description && { description }),
    color: colours[event.severity],
    timestamp: event.time,
    footer,
    ...(fields.length && { fields }),
    ...(linked && { url: event.link }),
  };
}

/**
 * Whether Discord takes this address for the title's link. It refuses the whole message over one such as http://octopi:5000/,
 * which is what links on a farm look like: https://github.com/bugsink/bugsink/issues/280
 */
const isPublicName = (link: string): boolean => URL.canParse(link) && new URL(link).hostname.includes('.');

/** UTF-16 units: never fewer than what Discord counts. */
const length = (text: string) => text.length;

// codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
const gone = (reason: 'gone' | 'auth', meaning: string): Verdict => ({
  outcome: 'gone',
  reason,
  meaning: `${meaning} ${where}.`,
});
const drop = (meaning: string): Verdict => ({ outcome: 'drop', reason: 'invalid', meaning });
const meanings = new Map<unknown, Verdict>([
  [10015, gone('gone', 'The webhook was deleted in Discord. Make a new one and set its URL.')],
  [50027, gone('auth', 'Discord does not know this webhook token.')],
  [10003, drop('The thread does not exist (any more). Set another thread_id, or none.')],
  [10008, drop('Discord does not find the message (any more), or not in this thread.')],
  [50083, drop('The thread is archived. Open it again in Discord, or set another thread_id.')],
  [160005, drop('The thread is locked. Unlock it in Discord, or set another thread_id.')],
  [220001, drop('This is a forum channel: set thread_id to a post of it.')],
  [40067, drop('This forum wants a tag on every post: set thread_id to a post of it.')],
  [50035, drop('Discord refuses the message as invalid; its answer names the field.')],
  [50006, drop('Discord refuses the message as empty.')],
  [50109, drop('Discord refuses the message as no JSON.')],
  [40005, drop('Discord refuses the message as too large.')],
  [50045, drop('Discord refuses the file as too large.')],
  [200000, drop("The server's AutoMod blocks this message. Allow the webhook there, or change the message.")],
  [240000, drop('Discord takes a link in this message for a harmful one.')],
  [40333, { outcome: 'retry', reason: 'server', meaning: 'What stands in front of Discord refuses Farmbell; not the webhook.' }],
]);

function verdictOf({ status, headers, body: text }: Reply): Verdict | undefined {
  // redirects, their outages and time-outs: the common table
  if (status < 400 || status >= 500 || status === 408 || status === 425) return undefined;
  const body = json(text);
  if (status === 429) return slowDown(body?.retry_after, headers['retry-after']);
  const known = meanings.get(body?.code);
  if (known) return known;
  if (status === 401) return gone('auth', 'Discord refuses the webhook.');
  if (status === 404) return gone('gone', 'Discord does not know this webhook.');
  // without a code of Discord's it comes from what stands in front, which refuses an address, not a webhook
  if (status === 403 && body?.code) return gone('auth', 'Discord refuses the webhook.');
  if (status === 403)
    return { outcome: 'retry', reason: 'server', meaning: 'What stands in front of Discord refuses Farmbell; not the webhook.' };
  return drop(`Discord refuses the message (HTTP ${status}); its answer says why.`);
}

/** Seconds from the body, with decimals; else the header. Without either it is a block of our address, which lasts: a minute. */
function slowDown(seconds: unknown, header: string | undefined): Verdict {
  const told = typeof seconds === 'number' && seconds >= 0 ? Math.ceil(seconds * 1000) : retryAfter(header, Date.now());
  const retryAfterMs = Math.min(told ?? 60_000, longestWaitMs);
  return { outcome: 'retry', reason: 'rate_limited', meaning: 'Discord asks to slow down.', retryAfterMs };
}

function json(body: string): { code?: unknown; retry_after?: unknown } | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return parsed !== null && typeof parsed === 'object' ? parsed : undefined;
  } catch {
    return undefined;
  }
}
