import { randomBytes } from 'node:crypto';
import type { Answer, ReceivedRequest } from '../receiver.js';
import { cloudflareBlock, refusal, slowDown, tooManyOldEdits, unknownPage } from './discord-answers.js';
import { type Admission, DiscordBuckets, type DiscordLimits, observedLimits, oldMs } from './discord-limits.js';
import { edit, posted, type ReadMessage, told } from './discord-message.js';
import { isTrue, messageOf, placeFault, queryFault } from './discord-request.js';
import { type Provider, provider } from './provider.js';

export type { ReadMessage } from './discord-message.js';

export interface DiscordOptions {
  /** Null: no limits. What is left out is as observed at Discord. */
  limits?: Partial<DiscordLimits> | null;
  /** The clock of limits and ids, milliseconds since 1970. */
  now?: () => number;
  /** After so many answers of 401, 403 and 429 the address is blocked; Discord's own number unless told. */
  blockAfter?: number;
}

export interface WebhookOptions {
  channel?: string;
  threads?: string[];
  /** Posts need a thread there. */
  forum?: boolean;
  /** 1: takes messages; 2: follows another channel. */
  type?: 1 | 2;
}

export type ThreadState = 'open' | 'archived' | 'locked' | 'deleted';

export interface DiscordProvider extends Provider {
  /** Makes a webhook and returns its URL as Discord shows it; requests to its path are to be sent to `origin`. */
  webhookUrl(options?: WebhookOptions): string;
  /** What somebody in Discord does with a thread. */
  setThread(id: string, state: ThreadState): void;
  messages: ReadMessage[];
  /** From now on what stands in front of Discord refuses everything, or no longer. */
  cloudflare(on: boolean): void;
}

interface Webhook extends Required<WebhookOptions> {
  id: string;
  token: string;
}

const path = /^\/api(?:\/v(?:[6-9]|10))?\/webhooks\/(\d+)\/([\w-]+)(?:\/messages\/(\d+))?\/?$/;
const notAllowed: Answer = { status: 405, body: { message: '405: Method Not Allowed', code: 0 } };

/** A strict Discord of incoming webhooks: https://discord.com/developers/docs/resources/webhook */
export async function discordProvider(options: DiscordOptions = {}): Promise<DiscordProvider> {
  const { now = Date.now, limits = {}, blockAfter = 10_000 } = options;
  const buckets = limits && new DiscordBuckets({ ...observedLimits, ...limits }, now);
  const webhooks = new Map<string, Webhook>();
  const threads = new Map<string, ThreadState>();
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
    const answer =
      queryFault(request.method, url.searchParams) ??
      (await (messageId ? onMessage : onWebhook)(request, webhook, url.searchParams, messageId ?? ''));
    return { ...answer, headers: { ...answer.headers, ...admission.headers } };
  }

  async function onWebhook(request: ReceivedRequest, webhook: Webhook, query: URLSearchParams): Promise<Answer> {
    const { id, token, channel, type } = webhook;
    if (request.method === 'GET')
      return { status: 200, body: { id, type, name: 'Farm', channel_id: channel, guild_id: '1', token, application_id: null } };
    if (request.method === 'DELETE') {
      webhooks.delete(id);
      return { status: 204 };
    }
    if (request.method !== 'POST') return notAllowed;
    const read = await messageOf(request);
    if ('refused' in read) return read.refused;
    const { thread_name: name } = read.message;
    const wanted = query.get('thread_id');
    const fault = placeFault(webhook, wanted, name) ?? (wanted && threads.get(wanted) === 'deleted' ? refusal(10003) : undefined);
    if (fault) return fault;
    if (wanted && threads.get(wanted) === 'locked') return refusal(160005);
    // a message opens an archived thread again
    if (wanted) threads.set(wanted, 'open');
    const thread = wanted ?? (name ? snowflake() : null);
    if (thread && !webhook.threads.includes(thread)) webhook.threads.push(thread);
    const added = posted(read, { id: snowflake(), channel, webhook: id, thread }, now(), snowflake);
    messages.push(added);
    return isTrue(query.get('wait')) ? { status: 200, body: told(added) } : { status: 204 };
  }

  async function onMessage(request: ReceivedRequest, webhook: Webhook, query: URLSearchParams, id: string): Promise<Answer> {
    const thread = query.get('thread_id');
    const state = thread === null ? 'open' : threads.get(thread);
    if (state === 'deleted') return refusal(10003);
    // a message in a thread is found with its thread alone: https://github.com/discord/discord-api-docs/issues/3519
    const found = messages.find((one) => one.id === id && one.webhook_id === webhook.id && one.thread_id === thread);
    if (!found) return refusal(10008);
    if (request.method === 'GET') return { status: 200, body: told(found) };
    if (request.method === 'DELETE') {
      messages.splice(messages.indexOf(found), 1);
      return { status: 204 };
    }
    if (request.method !== 'PATCH') return notAllowed;
    if (state === 'archived') return refusal(50083);
    if (state === 'locked') return refusal(160005);
    const read = await messageOf(request, found);
    if ('refused' in read) return read.refused;
    const waitS = now() - found.posted_at > oldMs ? buckets?.admitOldEdit(webhook.channel) : undefined;
    if (waitS !== undefined) return tooManyOldEdits(waitS);
    edit(found, read, now(), snowflake);
    return { status: 200, body: told(found) };
  }

  const server = await provider(behave);
  return {
    ...server,
    messages,
    setThread: (id, state) => void threads.set(id, state),
    cloudflare: (on) => {
      blocked = on;
    },
    webhookUrl: ({ channel = snowflake(), threads: known = [], forum = false, type = 1 } = {}) => {
      const token = randomBytes(51).toString('base64url');
      const webhook = { id: snowflake(), token, channel, threads: [...known], forum, type };
      webhooks.set(webhook.id, webhook);
      return `https://discord.com/api/webhooks/${webhook.id}/${webhook.token}`;
    },
  };
}
