import { contentOf, type FarmEvent } from '#contracts';
import { clip, type Links } from '#delivery';
import { address, escaped, isClickable, length, line } from './markup.js';
import type { Settings } from './settings.js';

/** A message laid out both ways: which one is sent depends on whether it goes with a picture. */
export interface TelegramMessage {
  text: string;
  caption: string;
  parse_mode?: 'HTML';
  disable_notification?: true;
  message_thread_id?: number;
}

/** Code points once entities are parsed: https://core.telegram.org/bots/api#sendmessage, https://core.telegram.org/bots/api#sendphoto */
export const most = { text: 4096, caption: 1024 };
/** Of those, at most so many for the title, and for the value of one fact. */
const share = { title: 256, value: 200 };

/** A piece of the message: what Telegram counts of it, and what is sent. */
interface Piece {
  counted: string;
  sent: string;
}

export function messageOf(event: FarmEvent, { silent, message_thread_id }: Settings, links: Links): TelegramMessage {
  const markup = !links.without?.has('markup');
  const laidOut = (max: number) => layout(event, links, markup, max);
  return {
    text: laidOut(most.text),
    caption: laidOut(most.caption),
    ...(markup && { parse_mode: 'HTML' as const }),
    ...(silent.includes(event.severity) && { disable_notification: true as const }),
    ...(message_thread_id !== undefined && !links.without?.has('thread') && { message_thread_id }),
  };
}

/** Title and message, then the facts, then what can be opened: the message has what room the others leave. */
function layout(event: FarmEvent, links: Links, markup: boolean, max: number): string {
  const { emoji, title, message, facts } = contentOf(event);
  const piece = (text: string): Piece => ({ counted: text, sent: markup ? escaped(text) : text });
  const named = clip(line(title), share.title);
  const head: Piece = {
    counted: `${emoji} ${named}`,
    sent: markup ? `${emoji} <b>${escaped(named)}</b>` : `${emoji} ${named}`,
  };
  const pages = fitting(addresses(event, links).map(linkOf(markup)), max / 3);
  const lines = fitting(
    facts.map(([name, value]) => piece(`${line(name)}: ${clip(line(value), share.value)}`)),
    max / 3,
  );
  const taken = sum([head, ...lines, ...pages]) + (lines.length ? 1 : 0) + (pages.length ? 1 : 0);
  const body = clip(message, max - taken);
  const first = [head, ...(body ? [piece(body)] : [])];
  return [first, lines, pages]
    .filter((block) => block.length > 0)
    .map((block) => block.map(({ sent }) => sent).join('\n'))
    .join('\n\n');
}

/** What can be opened: the event's page, and the picture where it does not go with the message. */
function addresses({ link, snapshot }: FarmEvent, { publicUrl, picture }: Links): Page[] {
  const shown =
    picture !== undefined || !snapshot ? undefined : 'url' in snapshot ? snapshot.url : `${publicUrl}/s/${snapshot.id}`;
  return Object.entries({ Open: address(link), Picture: address(shown) }).filter((page): page is Page => page[1] !== undefined);
}
type Page = [label: string, url: string];

/** A link where Telegram makes one of it; else the address itself, to be copied. */
const linkOf =
  (markup: boolean) =>
  ([label, url]: Page): Piece => {
    if (markup && isClickable(url)) return { counted: label, sent: `<a href="${escaped(url)}">${label}</a>` };
    const text = `${label}: ${url}`;
    return { counted: text, sent: markup ? escaped(text) : text };
  };

/** With the line feed behind each. */
const sum = (pieces: readonly Piece[]): number => pieces.reduce((all, { counted }) => all + length(counted) + 1, 0);

/** Those that fit into so much room, in order; one that does not is left out whole. */
function fitting(pieces: readonly Piece[], room: number): Piece[] {
  let left = room;
  return pieces.filter((piece) => {
    const size = sum([piece]);
    if (size <= left) left -= size;
    else return false;
    return true;
  });
}
