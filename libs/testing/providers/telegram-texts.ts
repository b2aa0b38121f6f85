import { type Entity, parseHtml, Unparsable } from './telegram-html.js';

/** A text as its readers see it. */
export interface Formatted {
  text: string;
  entities: Entity[];
}

/** In the words of the Bot API, without `Bad Request: `. */
export type Refused = { refused: string };

/** What a call says of a text: itself, and how it is marked up. */
interface Given {
  text: unknown;
  parse_mode: unknown;
}

const whole = {
  text: { most: 4096, empty: 'message text is empty', tooLong: 'message is too long' },
  caption: { most: 1024, empty: undefined, tooLong: 'message caption is too long' },
};

/**
 * The text of a message or the caption of a picture, or why it is refused. Its length counts in code points once it is parsed:
 * https://core.telegram.org/bots/api#sendmessage
 */
export function formatted(kind: keyof typeof whole, { text, parse_mode }: Given): Formatted | Refused {
  const { most, empty, tooLong } = whole[kind];
  if (text !== undefined && typeof text !== 'string') return { refused: `${kind} must be a string` };
  if (parse_mode !== undefined && parse_mode !== 'HTML') return { refused: 'unsupported parse_mode' };
  if (text !== undefined && !text.isWellFormed()) return { refused: 'strings must be encoded in UTF-8' };
  try {
    const parsed = parse_mode === undefined ? { text: text ?? '', entities: [] } : parseHtml(text ?? '');
    const read = cleaned(parsed.text);
    if (empty && read === '') return { refused: empty };
    return [...read].length > most ? { refused: tooLong } : { text: read, entities: parsed.entities };
  } catch (error) {
    if (error instanceof Unparsable) return { refused: `can't parse entities: ${error.message}` };
    throw error;
  }
}

/** Control characters become blanks or nothing, and the ends are trimmed: clean_input_string in td/telegram/misc.cpp. */
const cleaned = (text: string): string =>
  text
    .replaceAll(/[\r\u2028-\u202e]|\u0333|\u033f/g, '')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    .replaceAll(/[\0-\x09\x0b-\x1f]/g, ' ')
    .replace(/^[ \n\u200b\u2060\ufeff]+|[ \n\u200b\u2060\ufeff]+$/g, '');

/** What the entities mark: the readable form of them for specs. */
export const marked = ({ text, entities }: Formatted): { type: string; text: string; url?: string }[] =>
  entities.map(({ type, offset, length, url }) => ({ type, text: text.slice(offset, offset + length), ...(url && { url }) }));
