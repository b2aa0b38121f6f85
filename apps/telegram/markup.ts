/** What Telegram counts: code points, not the UTF-16 units of a JavaScript string. */
export const length = (text: string): number => {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
};

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** For texts and attributes alike; no other names are known there: https://core.telegram.org/bots/api#html-style */
export const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => entities[sign] ?? sign);

/** On one line. */
export const line = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** The address as browsers write it, free of blanks and quotes; undefined where it is none of the web. */
export function address(link: string | undefined): string | undefined {
  if (link === undefined || !URL.canParse(link)) return undefined;
  const { protocol, href } = new URL(link);
  return /^https?:$/.test(protocol) ? href : undefined;
}

/**
 * Whether Telegram makes a link of it. Of a bare name such as http://octopi:5000/ it keeps the link's text and drops the
 * address without a word: LinkManager::check_link_impl in https://github.com/tdlib/td/blob/master/td/telegram/LinkManager.cpp
 */
export const isClickable = (url: string): boolean => /[.[]/.test(new URL(url).hostname);
