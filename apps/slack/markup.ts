/** Slack's own markup: https://docs.slack.dev/messaging/formatting-message-text */

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const encoded = (text: string): string => text.replace(/[&<>]/g, (sign) => entities[sign]!);

/**
 * A text in which nothing is markup that mentions or links, at most `most` UTF-16 units long when it is escaped. What is cut is
 * cut between code points, never within an entity, and ends in `…`.
 */
export function escaped(text: string, most: number): string {
  const whole = encoded(text);
  if (whole.length <= most) return whole;
  let fits = '';
  for (const point of text) {
    const next = encoded(point);
    if (fits.length + next.length > most - 1) break;
    fits += next;
  }
  return most < 1 ? '' : `${fits}…`;
}

/** Bold ends with its line. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

export const bold = (markup: string): string => `*${markup}*`;

/** An address as it may stand between `<` and `|`; undefined for one that is none, or too long to be kept whole. */
export function address(link: string, most: number): string | undefined {
  if (!URL.canParse(link)) return undefined;
  const markup = encoded(new URL(link).href.replaceAll('|', '%7C'));
  return markup.length <= most ? markup : undefined;
}

export const linked = (href: string, label: string): string => `<${href}|${label}>`;

/** A time in the reader's own zone and words; before 1970, and where it is not understood, in UTC. */
export function when(time: string): string {
  const date = new Date(time);
  const utc = `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const seconds = Math.floor(date.getTime() / 1000);
  return seconds < 0 ? utc : `<!date^${seconds}^{date_short_pretty} at {time}|${utc}>`;
}
