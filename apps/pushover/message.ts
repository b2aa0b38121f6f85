import { createHash } from 'node:crypto';
import { type Content, contentOf, type FarmEvent, type Severity } from '#contracts';
import { clip } from '#delivery';
import type { PushoverSettings } from './settings.js';

/** What is pushed, without the keys: https://pushover.net/api#messages */
export interface PushoverMessage {
  title: string;
  message: string;
  priority: number;
  url?: string;
  url_title?: string;
  timestamp?: number;
  sound?: string;
  ttl?: number;
  retry?: number;
  expire?: number;
  tags?: string;
}

// code points: https://pushover.net/api#limits
const most = { title: 250, message: 1024, url: 512, urlTitle: 100 };
/** A long link is worth no more than what leaves so much for the text. */
const leastText = 300;
/** How far a print has come is of no use a shift later: https://pushover.net/api#ttl */
const progressTtl = 6 * 3600;
export const emergency = 2;
const bySeverity: Record<Severity, number> = { critical: emergency, error: 1, warning: 0, success: -1, info: -1 };

/** The message within Pushover's limits. It is plain text, as `html` is never set: nothing needs escaping. */
export function messageOf(event: FarmEvent, { priority: set, retry_s, expire_s, sound }: PushoverSettings): PushoverMessage {
  const content = contentOf(event);
  const title = isVisible(content.title) ? content.title : event.type;
  const priority = set === 'auto' ? bySeverity[event.severity] : set;
  const fits = event.link !== undefined && size(event.link) <= most.url;
  const timestamp = Math.floor(Date.parse(event.time) / 1000);
  const tag = tagOf(event);
  return {
    title: clip(`${content.emoji} ${oneLine(title)}`, most.title),
    message: bodyOf(content, title, fits ? undefined : event.link),
    priority,
    ...(fits && { url: event.link, url_title: clip(`Open ${hostOf(event.link!)}`, most.urlTitle) }),
    // when it happened, not when the queue came to it: https://pushover.net/api#timestamp
    ...(timestamp > 0 && { timestamp }),
    ...(sound && { sound }),
    ...(priority === emergency
      ? { retry: retry_s, expire: expire_s, ...(tag && { tags: tag }) }
      : event.type === 'job.progress' && { ttl: progressTtl }),
  };
}

/** The text, then line by line what else there is room for: a link too long for its own field, and the facts. */
function bodyOf({ message, facts }: Content, title: string, link: string | undefined): string {
  const linkLine = link === undefined ? [] : [`Link: ${link}`];
  const room = Math.max(leastText, most.message - size(`\n${linkLine.join('')}`));
  let body = isVisible(message) ? cut(message, linkLine.length ? room : most.message) : '';
  for (const line of [...linkLine, ...facts.map(([name, value]) => `${name}: ${oneLine(value)}`)]) {
    const longer = body ? `${body}\n${line}` : line;
    if (size(longer) <= most.message) body = longer;
  }
  // Pushover refuses a blank message
  return body || cut(title, most.message);
}

/** By this all open emergencies of a printer can be cancelled: https://pushover.net/api/receipts#cancel-by-tag */
function tagOf({ account, printer }: FarmEvent): string | undefined {
  const name = printer?.id ?? printer?.name;
  if (name === undefined) return undefined;
  // a hash, as a name may hold commas, which part tags
  return `farmbell-${createHash('sha256').update(`${account}/${name}`).digest('hex').slice(0, 16)}`;
}

const isVisible = (text: string): boolean => /[^\p{White_Space}\p{Cc}\p{Cf}]/u.test(text);
const oneLine = (text: string): string => text.trim().replace(/[\r\n\u2028\u2029]+/g, ' ');
const hostOf = (link: string): string => (URL.canParse(link) ? new URL(link).host : 'the page');

/**
 * A line feed counts as two characters: with a picture the message travels as multipart/form-data, where each becomes CR LF
 * (https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data), and so it is counted there.
 */
const crlf = (text: string): string => text.replace(/\r\n?|\n/g, '\r\n');
const size = (text: string): number => [...crlf(text)].length;
const cut = (text: string, codePoints: number): string => clip(crlf(text), codePoints).replaceAll('\r', '');
