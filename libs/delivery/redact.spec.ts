import fc from 'fast-check';
import { clip, redact } from './redact.js';

describe('redact', () => {
  it('replaces every occurrence of every secret', () => {
    expect(redact('a token-1 b token-1 c other-2', ['token-1', 'other-2'])).toBe('a [redacted] b [redacted] c [redacted]');
  });

  it('takes the longest first, and overlapping ones under one mark', () => {
    expect(redact('x abcdefgh y', ['abcdef', 'abcdefgh'])).toBe('x [redacted] y');
    expect(redact('x abcdefghi y', ['abcdef', 'defghi'])).toBe('x [redacted] y');
    expect(redact('aaaaaaaa', ['aaaaaa'])).toBe('[redacted]');
  });

  it('leaves short ones and everything else alone', () => {
    expect(redact('ok 12345', ['12345', '', 'ok'])).toBe('ok 12345');
    expect(redact('nothing here', ['secret-token'])).toBe('nothing here');
    expect(redact('$& $1', ['secret-token'])).toBe('$& $1');
  });

  it('does not look into its own marks', () => {
    expect(redact('redacted secret-1', ['redacted', 'secret-1'])).toBe('[redacted] [redacted]');
  });

  it.each([
    ['URL-encoded', 'a%2Fb%20c%26d%3De'],
    ['URL-encoded in lower case', 'a%2fb%20c%26d%3de'],
    ['as a form', 'a%2Fb+c%26d%3De'],
    ['as by encodeURI', 'a/b%20c&d=e'],
    ['as by PHP', 'a\\/b c&d=e'],
  ])('finds it %s', (_, text) => {
    expect(redact(`echo ${text}!`, ['a/b c&d=e'])).toBe('echo [redacted]!');
  });

  it('finds it JSON-escaped and in the other base64', () => {
    expect(redact(JSON.stringify({ key: 'pass"word\\1' }), ['pass"word\\1'])).toBe('{"key":"[redacted]"}');
    expect(redact('ab-d_fgh', ['ab+d/fgh=='])).toBe('[redacted]');
    expect(redact('ab-d_fgh==', ['ab+d/fgh=='])).toBe('[redacted]');
    expect(redact('ab+d/fgh', ['ab-d_fgh'])).toBe('[redacted]');
  });

  it('takes half a surrogate pair in its stride', () => {
    expect(redact('x \ud83dsecret y', ['\ud83dsecret'])).toBe('x [redacted] y');
  });

  it('leaves no secret in any text', () => {
    const secret = fc.string({ unit: fc.constantFrom(...'QZ019+/=%"\\é '), minLength: 6, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 3 }),
        fc.array(fc.string()),
        fc.nat(5),
        (secrets, between, form) => {
          const show = [String, encodeURIComponent, encodeURI, (s: string) => JSON.stringify(s).slice(1, -1)][form % 4]!;
          const text = [...between, ''].map((piece, i) => piece + show(secrets[i % secrets.length]!)).join('|');
          const result = redact(text, secrets);
          expect(secrets.filter((one) => result.includes(show(one)))).toEqual([]);
        },
      ),
    );
  });
});

describe('clip', () => {
  it('cuts on code points and says so', () => {
    expect(clip('abc', 3)).toBe('abc');
    expect(clip('abcd', 3)).toBe('ab…');
    expect(clip('🚀🚀🚀', 3)).toBe('🚀🚀🚀');
    expect(clip('🚀🚀🚀🚀', 3)).toBe('🚀🚀…');
    expect(clip('abcd', 1)).toBe('…');
    expect(clip('abcd', 0)).toBe('');
    expect(clip('', 0)).toBe('');
  });

  it('never exceeds the limit, never breaks a pair, keeps the beginning', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, limit) => {
        const cut = clip(text, limit);
        expect([...cut].length).toBeLessThanOrEqual(limit);
        expect(Buffer.from(cut).toString()).toBe(cut);
        if ([...text].length <= limit) expect(cut).toBe(text);
        else if (limit > 0) expect([...cut]).toEqual([...[...text].slice(0, limit - 1), '…']);
      }),
    );
  });
});
