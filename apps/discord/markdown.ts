import { clip } from '#delivery';

/**
 * What Discord's markdown would make something else of: emphasis, spoilers, code, mentions, and headings and quotes at the start
 * of a line. Addresses are matched to be left alone: a backslash in one, or right behind it, would become a part of the link.
 * https://support.discord.com/hc/en-us/articles/210298617
 * The sign comes first and what stands before it second: looked for at every character, that would take a long text's square.
 */
const marks =
  /https?:\/\/[^\s<]+|[\\*_~`|]|<(?<!https?:\/\/[^\s<]+<)(?!https?:)(?=[@#:/a-z])|#(?<=^[^\S\n]*-?#)(?=#{0,2}\s)|>(?<=^[^\S\n]*>)/gim;
const masking = /https?:\/\/[^\s<]+|\[/gi;

const behindBackslash = (found: string) => (found.length > 1 ? found : `\\${found}`);

/** The text as it stands, for a reader in Discord: a file's name stays what it is. */
export function escaped(text: string): string {
  const plain = text.replace(marks, behindBackslash);
  // [words](address) hides an address behind words
  return text.includes('](') ? plain.replace(masking, behindBackslash) : plain;
}

/** The text escaped, at most `most` UTF-16 units long (never fewer than what Discord counts); cut before it is escaped. */
export function fitted(text: string, most: number): string {
  const whole = escaped(text);
  if (whole.length <= most) return whole;
  let [fits, tooMany] = [0, most + 1];
  while (tooMany - fits > 1) {
    const codePoints = Math.floor((fits + tooMany) / 2);
    if (escaped(clip(text, codePoints)).length <= most) fits = codePoints;
    else tooMany = codePoints;
  }
  return escaped(clip(text, fits));
}

/** Whether there is anything to see in it: Discord trims what is blank, and refuses a field that has nothing left. */
export const isVisible = (text: string): boolean => /[^\s\p{Cc}\p{Cf}\p{Zs}]/u.test(text);
