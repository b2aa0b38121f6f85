import { inspect } from 'node:util';
import fc from 'fast-check';
import { keyRing, newKey, open, resealed, seal } from './seal.js';

// The published vectors of https://github.com/fernet/spec: generate.json, verify.json, invalid.json.
const KEY = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=';
const TOKEN = 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==';
const INVALID: [string, string][] = [
  ['incorrect mac', 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ=='],
  ['too short', 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA=='],
  ['invalid base64', '%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q=='],
  [
    'payload size not multiple of block size',
    'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm',
  ],
  [
    'payload padding error',
    'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==',
  ],
  [
    'incorrect IV (causes padding error)',
    'gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==',
  ],
];

describe('the Fernet specification', () => {
  it('generate.json: seals to the very token', () => {
    const fixed = { seconds: Date.parse('1985-10-26T01:20:00-07:00') / 1000, iv: Uint8Array.from({ length: 16 }, (_, i) => i) };
    expect(seal(keyRing(KEY), 'hello', fixed)).toBe(TOKEN);
  });

  it('verify.json: opens it', () => {
    expect(open(keyRing(KEY), TOKEN)).toBe('hello');
  });

  it.each(INVALID)('invalid.json: refuses one with %s', (_, token) => {
    expect(() => open(keyRing(KEY), token)).toThrow(/secret is damaged|No key of FARMBELL_SECRET_KEYS/);
  });

  it('refuses another version', () => {
    const bytes = Buffer.from(TOKEN, 'base64url');
    bytes[0] = 0x81;
    expect(() => open(keyRing(KEY), bytes.toString('base64url'))).toThrow(/not a Fernet token/);
  });
});

describe('seal and open', () => {
  const ring = keyRing(newKey());

  it('give back any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => expect(open(ring, seal(ring, text))).toBe(text)),
    );
  });

  it('never seal the same text to the same token', () => {
    expect(seal(ring, 'x')).not.toBe(seal(ring, 'x'));
  });

  it('refuse a token in which one bit was changed', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.nat(), fc.nat(7), (text, place, bit) => {
        const bytes = Buffer.from(seal(ring, text), 'base64url');
        const at = place % bytes.length;
        bytes[at] = bytes[at]! ^ (1 << bit);
        expect(() => open(ring, bytes.toString('base64url'))).toThrow();
      }),
    );
  });

  it('rotate: the first key seals, all open, and a dropped one opens nothing', () => {
    const [old, fresh] = [newKey(), newKey()];
    const before = seal(keyRing(old), 'kept');
    const rotated = keyRing(`${fresh}, ${old}`);
    expect(open(rotated, before)).toBe('kept');
    const after = seal(rotated, 'new');
    expect(open(keyRing(fresh), after)).toBe('new');
    expect(() => open(keyRing(old), after)).toThrow(/No key of FARMBELL_SECRET_KEYS opens/);
    expect(() => open(keyRing(fresh), before)).toThrow(/add the key it was sealed with/);
  });

  it('reseal: what another key than the first sealed, and nothing else', () => {
    const [old, fresh] = [newKey(), newKey()];
    const rotated = keyRing(`${fresh},${old}`);
    const anew = resealed(rotated, seal(keyRing(old), 'kept'));
    expect(open(keyRing(fresh), anew!)).toBe('kept');
    expect(resealed(rotated, anew!)).toBeUndefined();
    expect(() => resealed(rotated, seal(keyRing(newKey()), 'x'))).toThrow(/No key of FARMBELL_SECRET_KEYS/);
  });

  it('tell a text that is no token', () => {
    for (const text of ['', 'plain', 'gAAAA', `${TOKEN} `, `${TOKEN}\n`])
      expect(() => open(ring, text)).toThrow(/not a Fernet token/);
  });
});

describe('FARMBELL_SECRET_KEYS', () => {
  it('takes keys with and without padding', () => {
    expect(newKey()).toMatch(/^[A-Za-z0-9_-]{43}=$/);
    expect(open(keyRing(KEY.slice(0, -1)), TOKEN)).toBe('hello');
  });

  it.each(['', 'secret-value', KEY.slice(1), `${KEY}AAAA`, KEY.replace('-', '+'), Buffer.alloc(31).toString('base64url')])(
    'refuses %j without repeating it',
    (bad) => {
      const failure = (() => {
        try {
          keyRing(`${KEY},${bad}`);
        } catch (error) {
          return (error as Error).message;
        }
        return '';
      })();
      expect(failure).toMatch(/^FARMBELL_SECRET_KEYS: key 2 of 2 is not 32 bytes .*make one with: node -e/);
      if (bad) expect(failure).not.toContain(bad);
      expect(failure).not.toContain(KEY);
    },
  );

  it('shows no key when a ring is printed', () => {
    const ring = keyRing(KEY);
    const bytes = Buffer.from(KEY, 'base64url');
    expect(inspect(ring, { depth: 9 }) + JSON.stringify(ring)).not.toContain(inspect(bytes).slice(8, 20));
  });
});
