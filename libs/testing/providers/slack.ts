import { randomBytes } from 'node:crypto';
import type { ContextBlock, ImageBlock, SectionBlock } from '@slack/types';
import type { Answer, ReceivedRequest } from '../receiver.js';
import { type Provider, provider } from './provider.js';
import { refusal, type SlackWord, slowDown, taken } from './slack-answers.js';
import { documentedLimits, type SlackLimits, SlackPace } from './slack-limits.js';
import { isInTheInternet, pingsOf, refused } from './slack-rules.js';

export interface SlackOptions {
  /** Null: no limits. What is left out is as Slack documents it. */
  limits?: Partial<SlackLimits> | null;
  /** The clock of the limits, milliseconds since 1970. */
  now?: () => number;
  /** Whether Slack can fetch this picture; unless told, whatever is in the internet. */
  fetches?: (url: string) => boolean;
}

/** A message as its readers see it. */
export interface SlackPost {
  /** The webhook's URL. */
  webhook: string;
  text: string;
  blocks: (SectionBlock | ImageBlock | ContextBlock)[];
  /** Whom it pings: `<!channel>`, `<@U…>`, `@here`. */
  pings: string[];
}

export interface SlackProvider extends Provider {
  /** Makes a webhook and returns its URL as Slack shows it; requests to its path are to be sent to `origin`. */
  webhookUrl(options?: { gov?: boolean }): string;
  messages: SlackPost[];
  /** From now on this webhook is answered with that word, whatever comes; null: as usual. */
  says(webhook: string, word: SlackWord | null): void;
}

interface Webhook {
  url: string;
  secret: string;
  word: SlackWord | null;
}

const path = /^\/services\/(T[A-Z0-9]+)\/(B[A-Z0-9]+)\/([A-Za-z0-9]+)$/;

/** A strict Slack of incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export async function slackProvider(options: SlackOptions = {}): Promise<SlackProvider> {
  const { limits = {}, now = Date.now, fetches = isInTheInternet } = options;
  const pace = limits && new SlackPace({ ...documentedLimits, ...limits }, now);
  const team = `T${idOf()}`;
  const webhooks = new Map<string, Webhook>();
  const messages: SlackPost[] = [];

  function behave({ method, url, headers, json }: ReceivedRequest): Answer {
    const [, workspace, id = '', secret] = path.exec(url) ?? [];
    if (!id) return refusal('no_service');
    if (workspace !== team) return refusal('no_team');
    const webhook = webhooks.get(id);
    if (!webhook) return refusal('no_service');
    if (webhook.secret !== secret) return refusal('invalid_token');
    const waitS = pace?.waitS(id);
    if (waitS !== undefined) return slowDown(waitS);
    if (webhook.word) return refusal(webhook.word);
    if (method !== 'POST' || !/^application\/json\b/.test(headers['content-type'] ?? '')) return refusal('invalid_payload');
    const word = refused(json, fetches);
    if (word) return refusal(word);
    const { text, blocks = [] } = json;
    messages.push({ webhook: webhook.url, text, blocks, pings: pingsOf({ text, blocks }) });
    return taken;
  }

  const server = await provider(behave);
  return {
    ...server,
    messages,
    webhookUrl: ({ gov = false } = {}) => {
      const [id, secret] = [`B${idOf()}`, randomBytes(12).toString('hex')];
      const url = `https://hooks.slack${gov ? '-gov' : ''}.com/services/${team}/${id}/${secret}`;
      webhooks.set(id, { url, secret, word: null });
      return url;
    },
    says: (url, word) => {
      for (const webhook of webhooks.values()) if (webhook.url === url) webhook.word = word;
    },
  };
}

const idOf = (): string => randomBytes(5).toString('hex').toUpperCase();
