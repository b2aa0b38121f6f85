import { rowOf, severities } from './catalogue.js';
import type { Envelope } from './envelope.js';
import { clipped, named } from './words.js';

// of many notifications in one (channel.digest, channel.summary): data {count, types: {type: n}, lines: string[]}

const mostKinds = 8;
/** Code points for the lines: with the sentence before them they stay within a message. */
const room = 6000;

/** How many, e.g. `37 notifications`. */
export function countOf(data: Envelope['data']): string | undefined {
  const kinds = kindsOf(data);
  const lines = linesOf(data);
  const count = isCount(data?.count) ? data.count : kinds.reduce((sum, [, n]) => sum + n, 0) || lines.length || undefined;
  return count === undefined ? undefined : `${count} ${count === 1 ? 'notification' : 'notifications'}`;
}

/** Of what, the gravest and most frequent first: `2 × Print Failed, 35 × Print Complete`. */
export function kindsText(data: Envelope['data']): string {
  const kinds = kindsOf(data);
  const shown = kinds.slice(0, kinds.length > mostKinds + 1 ? mostKinds : kinds.length);
  const more = kinds.slice(shown.length).reduce((sum, [, n]) => sum + n, 0);
  const words = shown.map(([type, n]) => `${n} × ${rowOf(type)?.label || clipped(named(type) ?? 'Other', 60)}`);
  return words.concat(more > 0 ? `${more} others` : []).join(', ');
}

/** The lines as a list, each whole; what has no line, or no room, is counted at the end. */
export function linesText(data: Envelope['data']): string {
  const lines = linesOf(data);
  const count = isCount(data?.count) ? data.count : lines.length;
  let text = '';
  let length = 0;
  let shown = 0;
  for (const line of lines) {
    length += [...line].length + 3;
    if (length > room) break;
    text += `\n• ${line}`;
    shown += 1;
  }
  const left = Math.max(count, lines.length) - shown;
  return left > 0 && lines.length > 0 ? `${text}\n… and ${left} more` : text;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function kindsOf(data: Envelope['data']): [type: string, n: number][] {
  const types = data?.types;
  if (types === null || typeof types !== 'object' || Array.isArray(types)) return [];
  const rank = (type: string) => severities.indexOf(rowOf(type)?.severity ?? 'info');
  return Object.entries(types)
    .filter((kind): kind is [string, number] => isCount(kind[1]) && kind[1] > 0)
    .sort(([a, n], [b, m]) => rank(b) - rank(a) || m - n);
}

const linesOf = (data: Envelope['data']): string[] =>
  Array.isArray(data?.lines) ? data.lines.flatMap((line) => (typeof line === 'string' ? (named(line) ?? []) : [])) : [];
