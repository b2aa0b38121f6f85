/** Secrets out of texts that are kept or shown: an answer's beginning, an error, a log line. Redact first, clip afterwards: a cut secret is not found. */

export const REDACTED = '[redacted]';

// Shorter ones would blank out ordinary words and numbers, and no provider's token is that short.
const LEAST_LENGTH = 6;

const lowerHex = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase());

/** encodeURI and its like throw on half a surrogate pair; such a secret has no URL form. */
function encoded(encode: (text: string) => string, text: string): string[] {
  try {
    return [encode(text)];
  } catch {
    return [];
  }
}

/** The forms in which a receiver may echo a secret. */
function forms(secret: string): string[] {
  const urls = [...encoded(encodeURIComponent, secret), ...encoded(encodeURI, secret)];
  const spaced = urls.map((url) => url.replaceAll('%20', '+'));
  const json = JSON.stringify(secret).slice(1, -1);
  const toUrl = secret.replaceAll('+', '-').replaceAll('/', '_');
  const fromUrl = secret.replaceAll('-', '+').replaceAll('_', '/');
  // PHP's json_encode writes a slash as \/.
  const all = [secret, ...urls, ...spaced, json, json.replaceAll('/', '\\/'), toUrl, toUrl.replace(/=+$/, ''), fromUrl];
  return [...all, ...all.map(lowerHex)].filter((form) => form.length >= LEAST_LENGTH);
}

/** An escape of URLs, JSON or HTML, also one escaped once more; or any one character. */
const symbol = /%(?:25)*([0-9a-f]{2})|\\+u([0-9a-f]{4})|&#(\d{1,7});|&#x([0-9a-f]{1,6});|&(amp|lt|gt|quot|apos);|\\+|./gisy;
const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** Signs that stand for one another in forms and in the two kinds of base64. */
const folded: Record<string, string> = { '+': '-', ' ': '-', '/': '_' };

/** A text with its escapes resolved, byte by byte (one character a byte of UTF-8), and where in the text each byte ends. */
function resolved(text: string): { bytes: string; starts: number[]; ends: number[] } {
  const result = { bytes: '', starts: [] as number[], ends: [] as number[] };
  let unit = '';
  const add = (byte: number, from: number, to: number) => {
    // how many of them stand for one is the encoder's secret
    if (byte === 0x5c) return;
    const char = String.fromCharCode(byte);
    result.bytes += folded[char] ?? char;
    result.starts.push(from);
    result.ends.push(to);
  };
  symbol.lastIndex = 0;
  for (let from = 0; from < text.length; from = symbol.lastIndex) {
    const [whole, percent, json, decimal, hex, name] = symbol.exec(text)!;
    const to = symbol.lastIndex;
    if (percent !== undefined) add(Number.parseInt(percent, 16), from, to);
    else if (!whole.startsWith('\\') || json !== undefined) {
      const code = json ?? hex;
      const point = code === undefined ? Number(decimal) : Number.parseInt(code, 16);
      const char =
        name !== undefined
          ? named[name.toLowerCase()]!
          : whole.length === 1
            ? whole
            : point > 0x10ffff
              ? ''
              : String.fromCodePoint(point);
      // the two halves of a pair may come one by one
      const both = unit + char;
      unit = /[\ud800-\udbff]$/.test(both) ? both : '';
      if (unit === '') for (const byte of Buffer.from(both)) add(byte, from, to);
    }
  }
  return result;
}

/** The base64 of a text wherever it lies in what was encoded: without the signs that its neighbours have a part in. */
const base64s = (secret: string): string[] =>
  [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    return bytes.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6));
  });

/** What is looked for in place of a secret. */
const needles = (secret: string): string[] =>
  // what looks like an escape in the secret itself may be one, or stand for itself
  [
    resolved(secret).bytes,
    resolved(secret.replaceAll(/[%&]/g, escaped)).bytes,
    ...base64s(secret).map((one) => resolved(one).bytes),
  ].filter((form) => form.length >= LEAST_LENGTH / 2);
const escaped = (sign: string) => `&#${sign.charCodeAt(0)};`;

interface Wanted {
  /** As they stand in a text. */
  forms: ReadonlySet<string>;
  /** As they stand in a text whose escapes are resolved. */
  needles: ReadonlySet<string>;
  /** Short texts as they came out: an answer's meaning is one of few. */
  short: Map<string, string>;
}

const shortLength = 200;
const mostShort = 100;

/** By the list itself: a channel's secrets are one list for as long as its settings stay. */
const known = new WeakMap<readonly string[], Wanted>();

function wantedOf(secrets: readonly string[]): Wanted {
  const before = known.get(secrets);
  if (before) return before;
  const long = secrets.filter((secret) => secret.length >= LEAST_LENGTH);
  const wanted = {
    forms: new Set(long.flatMap(forms)),
    needles: new Set(long.flatMap(needles)),
    short: new Map<string, string>(),
  };
  known.set(secrets, wanted);
  return wanted;
}

/** Where the text ends with the beginning of a needle: a secret that was cut. */
function cutAt(bytes: string, needle: string): number | undefined {
  for (let length = Math.min(needle.length - 1, bytes.length); length >= LEAST_LENGTH; length--)
    if (bytes.endsWith(needle.slice(0, length))) return bytes.length - length;
  return undefined;
}

/**
 * Replaces every occurrence of every secret of 6 characters or more with `[redacted]`, also where it is escaped as in URLs, JSON
 * or HTML, or lies in base64, and its beginning at the text's end. Where occurrences overlap, all of them go under one mark.
 * Shorter secrets are left alone.
 */
export function redact(text: string, secrets: readonly string[]): string {
  const wanted = wantedOf(secrets);
  if (text === '' || wanted.forms.size === 0) return text;
  const before = wanted.short.get(text);
  if (before !== undefined) return before;
  const result = without(wanted, text);
  if (text.length <= shortLength && wanted.short.size < mostShort) wanted.short.set(text, result);
  return result;
}

function without(wanted: Wanted, text: string): string {
  const { bytes, starts, ends } = resolved(text);
  const spans: [number, number][] = [];
  for (const form of wanted.forms) {
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) spans.push([at, at + form.length]);
    const cut = cutAt(text, form);
    if (cut !== undefined) spans.push([cut, text.length]);
  }
  for (const needle of wanted.needles) {
    for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1))
      spans.push([starts[at]!, ends[at + needle.length - 1]!]);
    const cut = cutAt(bytes, needle);
    if (cut !== undefined) spans.push([starts[cut]!, text.length]);
  }
  spans.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  let result = '';
  let done = 0;
  for (const [from, to] of spans) {
    if (from >= done) result += text.slice(done, from) + REDACTED;
    done = Math.max(done, to);
  }
  return result + text.slice(done);
}

/** At most `codePoints` code points of the text, the last of them `…` when something was cut; never half a surrogate pair. */
export function clip(text: string, codePoints: number): string {
  if (text.length <= codePoints) return text;
  if (codePoints < 1) return '';
  let count = 0;
  let end = 0;
  let cut = 0;
  for (const point of text) {
    count += 1;
    if (count > codePoints) return `${text.slice(0, cut)}…`;
    cut = end;
    end += point.length;
  }
  return text;
}
