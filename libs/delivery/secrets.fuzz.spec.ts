import fc from 'fast-check';
import { fuzz, hostileText } from '#fuzzing';
import { clip, redact } from './redact.js';

const hex = (code: number, length: number) => code.toString(16).padStart(length, '0');
const points = (text: string, show: (code: number) => string) => [...text].map((one) => show(one.codePointAt(0)!)).join('');
const units = (text: string, show: (code: number) => string) =>
  Array.from({ length: text.length }, (_, i) => show(text.charCodeAt(i))).join('');
const bytes = (text: string, show: (byte: number) => string) => [...Buffer.from(text)].map(show).join('');

/** How receivers echo what they were sent. */
const echoes: Record<string, (secret: string) => string> = {
  'as it is': (s) => s,
  'by encodeURIComponent': encodeURIComponent,
  'as a form': (s) => new URLSearchParams({ a: s }).toString().slice(2),
  'by RFC 3986, which spares fewer': (s) => encodeURIComponent(s).replace(/[!'()*]/g, (one) => `%${hex(one.charCodeAt(0), 2)}`),
  'percent-encoded in whole': (s) => bytes(s, (one) => `%${hex(one, 2).toUpperCase()}`),
  'in JSON': (s) => JSON.stringify(s).slice(1, -1),
  'in JSON in JSON': (s) => JSON.stringify(JSON.stringify(s)).slice(3, -3),
  'in JSON as PHP writes it': (s) => JSON.stringify(s).slice(1, -1).replaceAll('/', '\\/'),
  'in JSON as Python writes it': (s) =>
    JSON.stringify(s)
      .slice(1, -1)
      .replace(/[^\x20-\x7e]/g, (one) => `\\u${hex(one.charCodeAt(0), 4)}`),
  'in JSON as .NET writes it': (s) =>
    units(s, (one) =>
      /[A-Za-z0-9 ]/.test(String.fromCharCode(one)) ? String.fromCharCode(one) : `\\u${hex(one, 4).toUpperCase()}`,
    ),
  'in JSON as Go writes it': (s) =>
    JSON.stringify(s)
      .slice(1, -1)
      .replace(/[<>&]/g, (one) => `\\u${hex(one.charCodeAt(0), 4)}`),
  'in HTML': (s) => s.replace(/[&<>"']/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[one] ?? '&#39;'),
  'in HTML by number': (s) => points(s, (one) => `&#${one};`),
  'in HTML by hexadecimal number': (s) => points(s, (one) => `&#x${hex(one, 2)};`),
  'as base64': (s) => Buffer.from(s).toString('base64'),
  'as base64url': (s) => Buffer.from(s).toString('base64url'),
};

const secret = fc.string({ unit: fc.constantFrom(...'QZ019+/=%"\\é <>&\'!*~:_-'), minLength: 12, maxLength: 40 });
const around = fc.string({ unit: fc.constantFrom(...'xyw{}, .\n'), maxLength: 30 });

it.each(Object.keys(echoes))('a secret echoed %s is taken out', (name) => {
  fc.assert(
    fc.property(secret, around, around, (given, before, after) => {
      const echo = echoes[name]!(given);
      expect(redact(`${before}${echo}${after}`, [given])).not.toContain(echo);
    }),
    fuzz(50),
  );
});

it('a secret that was cut at the end is taken out too', () => {
  fc.assert(
    fc.property(secret, fc.integer({ min: 6, max: 12 }), around, (given, length, before) => {
      const cut = given.slice(0, length);
      expect(redact(`${before}|${cut}`, [given])).not.toContain(`|${cut}`);
    }),
    fuzz(50),
  );
});

it('what holds no secret is left alone', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'abc %&\\'), maxLength: 200 }), (text) => {
      expect(redact(text, ['QZQZQZQZQZQZ'])).toBe(text);
    }),
    fuzz(50),
  );
});

it.each([
  ['the same letter', 'a'.repeat(16_384), 'a'.repeat(500)],
  ['backslashes', '\\'.repeat(16_384), `${'\\'.repeat(499)}x`],
  ['percent signs', '%25'.repeat(5000), `${'%'.repeat(499)}x`],
  ['ampersands', '&amp;'.repeat(3000), `${'&'.repeat(499)}x`],
  ['nearly the secret', `${'ab'.repeat(249)}c`.repeat(32), `${'ab'.repeat(249)}d`],
])('a text of %s costs no more than another', (_, text, given) => {
  const began = performance.now();
  expect(
    clip(
      redact(
        text,
        Array.from({ length: 20 }, (_one, i) => given + i),
      ),
      1000,
    ).length,
  ).toBeLessThanOrEqual(1000);
  expect(performance.now() - began).toBeLessThan(5000);
});

it('clip keeps whole characters and its bound, whatever the text', () => {
  fc.assert(
    fc.property(hostileText, fc.nat(60), (text, most) => {
      const cut = clip(text, most);
      expect([...cut].length).toBeLessThanOrEqual(most);
      if (text.isWellFormed()) expect(cut.isWellFormed()).toBe(true);
    }),
    fuzz(300),
  );
});
