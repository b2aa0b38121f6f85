/** How names, amounts and times are put into words, the same in titles, messages, facts and advice. */

const visible = /[^\s\p{Cc}\p{Cf}]/u;

/** Whether a reader sees anything of it: what is made of blanks and invisible characters alone says nothing. */
export const shows = (text: string): boolean => visible.test(text);

/** The first of the texts that shows anything, on one line; undefined when none does. */
export function named(...texts: (string | undefined)[]): string | undefined {
  const found = texts.find((text) => text !== undefined && shows(text));
  return found?.replace(/\s+/g, ' ').trim();
}

/** Without the marks at its end: it goes into a sentence of ours. */
export function unended(text: string): string {
  let end = text.length;
  while (end > 0 && ' .!?…,;:'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** A template with its phrases in place, its first letter upper-case; it ends as the last name ends, where that ends a sentence. */
export function sentence(template: string, phrases: Record<string, string>): string {
  const text = template.replace(/\{(\w+)\}/g, (_, name: string) => phrases[name] ?? '');
  const whole = /[.!?…]\.$/.test(text) ? text.slice(0, -1) : text;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
}

/** At most so many code points, the last of them `…` when something was cut. */
export function clipped(text: string, max: number): string {
  const points = text.length > max ? [...text] : [];
  return points.length > max ? `${points.slice(0, max - 1).join('')}…` : text;
}

/** Seconds in words: `45s`, `12m`, `1h 23m`, `2d 4h`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return `${minutes}m`;
  if (hours < 24) return minutes % 60 ? `${hours}h ${minutes % 60}m` : `${hours}h`;
  return hours % 24 ? `${Math.floor(hours / 24)}d ${hours % 24}h` : `${Math.floor(hours / 24)}d`;
}

/** Whole percent; what is not complete is never `100 %`. */
export const percent = (value: number): string => `${value < 100 ? Math.min(Math.round(value), 99) : 100} %`;

/** Grams as a scale shows them: `80 g`, `12.5 g`. */
export const grams = (value: number): string => `${value < 100 ? Math.round(value * 10) / 10 : Math.round(value)} g`;

/** Seconds between two times; undefined when one is missing or they are the wrong way round. */
export function between(start: string | undefined, end: string | undefined): number | undefined {
  const seconds = start && end ? (Date.parse(end) - Date.parse(start)) / 1000 : Number.NaN;
  return seconds >= 0 ? seconds : undefined;
}
