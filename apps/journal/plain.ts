/**
 * JSON that PostgreSQL takes: without U+0000, and with U+FFFD for lone surrogates. Both are refused where events come in;
 * here they must merely not stop what reads the stream.
 */
export function plainJson(value: unknown): string {
  const json = JSON.stringify(value);
  // JSON.stringify writes both only as escapes; an escaped backslash before `u0000` is text and stays
  return /\\u(0000|d)/.test(json) ? json.replace(/\\\\|\\u0000|\\ud[89a-f][0-9a-f]{2}/g, plainEscape) : json;
}

const plainEscape = (given: string) => (given === '\\\\' ? given : given === '\\u0000' ? '' : '\ufffd');

const first = Date.parse('0001-01-01T00:00:00Z');
const last = Date.parse('9999-12-31T23:59:59.999Z');

/** A time as ISO text with milliseconds, within the years 1 to 9999 that PostgreSQL and ISO share; undefined: it is none. */
export function plainTime(text: unknown): string | undefined {
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(Math.min(Math.max(ms, first), last)).toISOString();
}
