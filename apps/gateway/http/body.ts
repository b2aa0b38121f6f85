import { type Fault, invalid, Problem, quoted } from '#contracts';
import { jsonFault } from './json-fault.js';

export type Headers = Record<string, string | string[] | undefined>;

/** What a body that is no event may hold: a channel's settings and lists fit many times over. */
export const bodyLimits = { bytes: 512 * 1024, depth: 20 };

/** The media type of a request, in lower case and without parameters; '' when it names none. */
export const mediaType = (headers: Headers): string =>
  String(headers['content-type'] ?? '')
    .split(';')[0]!
    .trim()
    .toLowerCase();

export const unsupported = (type: string, accepted: string[]) =>
  new Problem(
    415,
    'Unsupported media type',
    `${type ? `'${type.slice(0, 80)}' is not taken here` : 'The request names no content type'}: send ${accepted.join(' or ')}`,
  );

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The body's JSON, or a 400 that says where it stops being JSON. */
export function parseJson(bytes: Buffer): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new Problem(400, 'Bad request', 'The body is not UTF-8');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, 'Bad request', `The body is not JSON: ${jsonFault(text)}`);
  }
}

/** The JSON of a body that is no event: of bounded size and depth, its texts fit to be stored. */
export function readJson(headers: Headers, bytes: Buffer): unknown {
  const type = mediaType(headers);
  if (type !== 'application/json') throw unsupported(type, ['application/json']);
  if (bytes.length > bodyLimits.bytes)
    throw new Problem(413, 'Content too large', `The body is larger than ${bodyLimits.bytes / 1024} KiB`);
  const value = parseJson(bytes);
  const faults = structureFaults(value);
  if (faults.length > 0) throw invalid(faults);
  return value;
}

/** Texts that PostgreSQL cannot store, and nesting that no reader could follow; walks no deeper than the bound. */
export function structureFaults(value: unknown): Fault[] {
  const faults: Fault[] = [];
  const walk = (part: unknown, path: string, depth: number): void => {
    if (faults.length >= 10) return;
    if (typeof part === 'string') {
      const fault = textFault(part);
      if (fault) faults.push({ path, message: fault });
    } else if (part !== null && typeof part === 'object') {
      if (depth >= bodyLimits.depth) {
        faults.push({ path, message: `is nested deeper than ${bodyLimits.depth} levels` });
        return;
      }
      for (const [key, child] of Object.entries(part)) {
        if (textFault(key)) faults.push({ path, message: 'has a key with U+0000 or a lone surrogate' });
        else walk(child, Array.isArray(part) ? `${path}[${key}]` : path ? `${path}.${quoted(key)}` : quoted(key), depth + 1);
      }
    }
  };
  walk(value, '', 0);
  return faults;
}

export const textFault = (text: string): string | undefined =>
  text.includes('\0') ? 'contains U+0000' : text.isWellFormed() ? undefined : 'contains a lone surrogate';
