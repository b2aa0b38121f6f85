import type { ReadMessage } from './discord.js';
import type { PushedMessage } from './pushover.js';
import type { SlackPost } from './slack.js';
import type { Message as TelegramMessage } from './telegram-messages.js';

/** What a reader sees of a message, in one line. */
export interface Seen {
  title: string;
  text: string;
}

/** One line, free of what would move a terminal's cursor or colour it. */
export const line = (text: string): string => text.replaceAll(/[\s\p{Cc}\p{Bidi_Control}]+/gu, ' ').trim();

/** A chat message begins with its title. */
function split(text: string): Seen {
  const [title = '', ...rest] = text.trim().split('\n');
  return { title, text: rest.join('\n') };
}

const words = (texts: (string | undefined)[]): string => texts.filter(Boolean).join(' · ');

export function inDiscord({ content, embeds, pictures }: ReadMessage): Seen {
  const [embed = {}] = embeds;
  const plain = (text = '') => text.replaceAll(/https?:\/\/[^\s<]+|\\([^0-9A-Za-z\s])/g, (whole, sign?: string) => sign ?? whole);
  const facts = (embed.fields ?? []).map(({ name, value }) => `${plain(name)}: ${plain(value)}`);
  return {
    title: plain(embed.title ?? content),
    text: words([plain(embed.description), ...facts, embed.url, ...pictures.map(({ name }) => `(${name})`)]),
  };
}

export function inSlack({ text, blocks }: SlackPost): Seen {
  const plain = (mrkdwn: string) =>
    mrkdwn
      .replaceAll(/<([^|>]+)\|([^>]*)>/g, '$2 $1')
      .replaceAll(/[*\u200b]/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&');
  const texts = blocks.flatMap((block) => {
    if (block.type === 'section') return [block.text?.text, ...(block.fields ?? []).map((field) => field.text)];
    if (block.type === 'context') return block.elements.map((element) => ('text' in element ? element.text : ''));
    return block.type === 'image' && 'image_url' in block ? [`(${block.image_url})`] : [];
  });
  const [first = text, ...others] = texts.map((one) => plain(one ?? ''));
  const { title, text: message } = split(first);
  return { title, text: words([message, ...others]) };
}

export function inTelegram({ text, photo, silent }: TelegramMessage): Seen {
  const { title, text: message } = split(text);
  return { title, text: words([message, photo && '(picture)', silent ? '(silent)' : undefined]) };
}

export function inPushover({ fields, attachment, plays }: PushedMessage): Seen {
  const { title = '', message = '', url, priority } = fields;
  const more = [url, attachment && `(${attachment.name})`, priority && `priority ${priority}`, plays && `sound ${plays}`];
  return { title, text: words([message, ...more]) };
}
