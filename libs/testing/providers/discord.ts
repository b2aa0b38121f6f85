import { randomBytes } from 'node:crypto';
import type { APIEmbed } from 'discord-api-types/v10';
import type { Answer, ReceivedRequest } from '../receiver.js';
import { cloudflareBlock, refusal, slowDown, unknownPage } from './discord-answers.js';
import { type Admission, DiscordBuckets, type DiscordLimits, observedLimits } from './discord-limits.js';
import { isTrue, messageOf, pingsOf, placeFault } from './discord-request.js';
import type { Message } from './discord-rules.js';
import { type Provider, provider } from './provider.js';

export interface DiscordOptions {
  /** Null: no limits. What is left out is as observed at Discord. */
  limits?: Partial<DiscordLimits> | null;
  /** The clock of limits and ids, milliseconds since 1970. */
  now?: () => number;
  /** After so many answers of 401, 403 and 429 the address is blocked; Discord's own number unless told. */
  blockAfter?: number;
}

/** A message as its readers see it. */
export interface ReadMessage {
  id: string;
  channel_id: string;
  webhook_id: string;
  thread_id: string | null;
  content: string;
  embeds: APIEmbed[];
  username: string;
  avatar_url: string | null;
  attachments: { id: string; filename: string; size: number }[];
  allowed_mentions: Message['allowed_mentions'];
  /** Whom it pings: `@everyone`, `@here`, `<@id>`, `<@&id>`. */
  pings: string[];
  edits: number;
}

export interface WebhookOptions {
  channel?: string;
  threads?: string[];
  /** Posts need a thread there. */
  forum?: boolean;
}

export interface DiscordProvider extends Provider {
  /** Makes a webhook and returns its URL as Discord shows it; requests to its path are to be sent to `origin`. */
  webhookUrl(options?: WebhookOptions): string;
  messages: ReadMessage[];
  /** From now on what stands in front of Discord refuses everything, or no longer. */
  cloudflare(on: boolean): void;
}

interface Webhook extends Required<WebhookOptions> {
  id: string;
  token: string;
}

const path = /^\/api(?:\/v(?:[6-9]|10))?\/webhooks\/(\d+)\/([\w-]+)(?:\/messages\/(\d+))?\/?$/;

/** A strict Discord of incoming webhooks: https://discord.com/developers/docs/resources/webhook */
export async function discordProvider(options: DiscordOptions = {}): Promise<DiscordProvider> {
  const { now = Date.now, limits = {}, blockAfter = 10_000 } = options;
  const buckets = limits && new DiscordBuckets({ ...observedLimits, ...limits }, now);
  const webhooks = new Map<string, Webhook>();
  const messages: ReadMessage[] = [];
  let [serial, refused, blocked] = [0n, 0, false];
  const snowflake = () => String(((BigInt(now()) - 1_420_070_400_000n) << 22n) | (serial++ & 0x3fffffn));

  async function behave(request: ReceivedRequest): Promise<Answer> {
    if (blocked || refused >= blockAfter) return cloudflareBlock;
    const answer = await route(request);
    const counts = answer.status === 401 || answer.status === 403 || answer.status === 429;
    if (counts && answer.headers?.['x-ratelimit-scope'] !== 'shared') refused += 1;
    return answer;
  }

  async function route(request: ReceivedRequest): Promise<Answer> {
    // https://discord.com/developers/docs/reference#user-agent
    if (!/^DiscordBot \(\S+, \S+\)/.test(request.headers['user-agent'] ?? '')) return refusal(40333);
    const url = new URL(request.url, 'http://discord');
    const [, id = '', token, messageId] = path.exec(url.pathname) ?? [];
    if (!id) return unknownPage;
    const webhook = webhooks.get(id);
    if (!webhook) return refusal(10015);
    if (webhook.token !== token) return refusal(50027);
    const admission: Admission = buckets ? buckets.admit(id, webhook.channel) : { scope: 'user', headers: {} };
    if (admission.waitS !== undefined) return slowDown(admission.waitS, admission.scope, admission.headers);
    const answer = await (messageId ? onMessage : onWebhook)(request, webhook, url.searchParams, messageId ?? '');
    return { ...answer, headers: { ...answer.headers, ...admission.headers } };
  }

  async function onWebhook(request: ReceivedRequest, webhook: Webhook, query: URLSearchParams): Promise<Answer> {
    const { id, token, channel } = webhook;
    if (request.method === 'GET')
      return {
        status: 200,
        body: { id, type: 1, name: 'Farm', channel_id: channel, guild_id: '1', token, application_id: null },
      };
    if (request.method === 'DELETE') {
      webhooks.delete(id);
      return { status: 204 };
    }
    if (request.method !== 'POST') return { status: 405, body: { message: '405: Method Not Allowed', code: 0 } };
    const read = await messageOf(request);
    if ('refused' in read) return read.refused;
    const { message, files } = read;
    const thread = query.get('thread_id');
    const place = placeFault(webhook, thread, message.thread_name);
    if (place) return place;
    const added: ReadMessage = {
      id: snowflake(),
      channel_id: channel,
      webhook_id: id,
      thread_id: thread ?? (message.thread_name ? snowflake() : null),
      content: message.content ?? '',
      embeds: message.embeds ?? [],
      username: message.username ?? 'Farm',
      avatar_url: message.avatar_url ?? null,
      attachments: files.map((file) => ({ id: snowflake(), ...file })),
      allowed_mentions: message.allowed_mentions,
      pings: pingsOf(message),
      edits: 0,
    };
    messages.push(added);
    return isTrue(query.get('wait')) ? { status: 200, body: added } : { status: 204 };
  }

  async function onMessage(request: ReceivedRequest, webhook: Webhook, query: URLSearchParams, id: string): Promise<Answer> {
    // a message in a thread is found with its thread alone: https://github.com/discord/discord-api-docs/issues/3519
    const found = messages.find(
      (one) => one.id === id && one.webhook_id === webhook.id && one.thread_id === query.get('thread_id'),
    );
    if (!found) return refusal(10008);
    if (request.method === 'GET') return { status: 200, body: found };
    if (request.method === 'DELETE') {
      messages.splice(messages.indexOf(found), 1);
      return { status: 204 };
    }
    const read = await messageOf(request, found);
    if ('refused' in read) return read.refused;
    const { message, files } = read;
    const { content = found.content, embeds = found.embeds, attachments, allowed_mentions } = message;
    // from v10 on a list of attachments names all that stay; new files come behind
    const kept = attachments
      ? found.attachments.filter((one) => attachments.some((a) => String(a.id) === one.id))
      : found.attachments;
    Object.assign(found, {
      content: content ?? '',
      embeds: embeds ?? [],
      attachments: [...kept, ...files.map((file) => ({ id: snowflake(), ...file }))],
      allowed_mentions,
      edits: found.edits + 1,
    });
    return { status: 200, body: found };
  }

  const server = await provider(behave);
  return {
    ...server,
    messages,
    cloudflare: (on) => {
      blocked = on;
    },
    webhookUrl: ({ channel = snowflake(), threads = [], forum = false } = {}) => {
      const webhook = { id: snowflake(), token: randomBytes(51).toString('base64url'), channel, threads, forum };
      webhooks.set(webhook.id, webhook);
      return `https://discord.com/api/webhooks/${webhook.id}/${webhook.token}`;
    },
  };
}
