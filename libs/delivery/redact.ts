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

/** By the list itself: a channel's secrets are one list for as long as its settings stay. */
const known = new WeakMap<readonly string[], ReadonlySet<string>>();

function formsOf(secrets: readonly string[]): ReadonlySet<string> {
  const before = known.get(secrets);
  if (before) return before;
  const wanted = new Set(secrets.filter((secret) => secret.length >= LEAST_LENGTH).flatMap(forms));
  known.set(secrets, wanted);
  return wanted;
}

/**
 * Replaces every occurrence of every secret of 6 characters or more, also in its URL-encoded, JSON-escaped and base64url forms, with `[redacted]`.
 * Longest first; where occurrences overlap, all of them go under one mark. Shorter secrets are left alone.
 */
export function redact(text: string, secrets: readonly string[]): string {
  const spans: [number, number][] = [];
  for (const form of formsOf(secrets)) {
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) spans.push([at, at + form.length]);
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
