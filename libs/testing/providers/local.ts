import { onPort } from '../receiver.js';
import { discordProvider } from './discord.js';
import type { Provider } from './provider.js';
import { pushoverProvider } from './pushover.js';
import { inDiscord, inPushover, inSlack, inTelegram, line, type Seen } from './reading.js';
import { slackProvider } from './slack.js';
import { telegramProvider } from './telegram.js';

/** A chat provider on this machine, with an account that a channel can be made for. */
export interface LocalProvider {
  type: 'discord' | 'slack' | 'telegram' | 'pushover';
  origin: string;
  /** A channel's settings that it takes. */
  settings: Record<string, string>;
  close(): Promise<void>;
}

export type Printer = (line: string) => void;

/** Where each listens, unless something else does. */
const ports = { discord: 8581, slack: 8582, telegram: 8583, pushover: 8584 };
const keptMessages = 1000;

/** The four, each telling `print` of every message that its reader sees, and of every call that it refuses. */
export const startProviders = (print: Printer): Promise<LocalProvider[]> =>
  Promise.all([
    onPort(ports.discord, async () => {
      const discord = await discordProvider();
      return local('discord', discord, { url: discord.webhookUrl() }, inDiscord, print);
    }),
    onPort(ports.slack, async () => {
      const slack = await slackProvider();
      return local('slack', slack, { url: slack.webhookUrl() }, inSlack, print);
    }),
    onPort(ports.telegram, async () => {
      const telegram = await telegramProvider();
      return local('telegram', telegram, { bot_token: telegram.newBot(), chat_id: telegram.newChat() }, inTelegram, print);
    }),
    onPort(ports.pushover, async () => {
      const pushover = await pushoverProvider();
      return local('pushover', pushover, { app_token: pushover.appToken(), user_key: pushover.userKey() }, inPushover, print);
    }),
  ]);

function local<M extends object>(
  type: LocalProvider['type'],
  provider: Provider & { messages: M[] },
  settings: Record<string, string>,
  seenOf: (message: M) => Seen,
  print: Printer,
): LocalProvider {
  const { messages, requests } = provider;
  const shown = new WeakMap<M, number>();
  const told = (...parts: string[]) => print([type.padEnd(8), ...parts.map(line).filter(Boolean)].join('  '));
  provider.onAnswer((_, { status = 204, body }) => {
    if (status >= 400) told(`refused with ${status}:`, typeof body === 'string' ? body : JSON.stringify(body ?? ''));
    for (const message of messages) {
      const edits = 'edits' in message ? Number(message.edits) : 0;
      const before = shown.get(message);
      if (before === edits) continue;
      shown.set(message, edits);
      const { title, text } = seenOf(message);
      told(before === undefined ? '' : '(changed)', title, text);
    }
    // it may run for days
    requests.length = 0;
    messages.splice(0, messages.length - keptMessages);
  });
  return { type, origin: provider.origin, settings, close: provider.close };
}
