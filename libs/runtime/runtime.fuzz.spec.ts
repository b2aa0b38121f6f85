import fc from 'fast-check';
import { fuzz, hostileText } from '#fuzzing';
import { ConfigError, readConfig, settings } from './config.js';
import { keyRing, newKey, open, seal } from './seal.js';

const marked = 's3cret-value';
const value = fc.oneof(
  hostileText,
  fc.constantFrom(
    '0',
    '-1',
    '65536',
    '1e3',
    '0x10',
    ' 8080 ',
    '8080.5',
    'Infinity',
    'true',
    'TRUE',
    '1s',
    '99999999999999999999',
  ),
  fc.constantFrom('http://[::1', 'nats://u:%zz@h:1', 'postgres://', 'https://a,https://b', '//x', 'javascript:1'),
  fc.constantFrom(marked, `nats:/${marked}`, `https:// ${marked}`, `${marked},${marked}`),
  hostileText.map((text) => `postgres://user:${marked}@${text}`),
);

it('any environment is read, or refused with the names of variables and none of their values', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(settings)), value), (env) => {
      try {
        const config = readConfig(env);
        expect(config.FARMBELL_DEDUP_S * 1e9).toBeLessThan(Number.MAX_SAFE_INTEGER * 1000);
        expect(config.FARMBELL_RETENTION_DAYS * 86_400e9).toBeLessThan(2 ** 63);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        expect((error as Error).message).not.toContain(marked);
        for (const line of (error as Error).message.split('\n'))
          expect(Object.keys(settings)).toContain(/^[A-Z_]+/.exec(line)?.[0]);
      }
    }),
    fuzz(400),
  );
});

it('what is no sealed text is refused in words, and nothing sealed is changed unseen', () => {
  const ring = keyRing(newKey());
  const sealed = seal(ring, marked);
  const token = fc.oneof(
    hostileText,
    fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    fc
      .tuple(fc.nat(sealed.length - 1), fc.string({ minLength: 1, maxLength: 2 }))
      .map(([at, put]) => sealed.slice(0, at) + put + sealed.slice(at + put.length)),
    fc.nat(sealed.length).map((length) => sealed.slice(0, length)),
  );
  fc.assert(
    fc.property(token, (any) => {
      if (any === sealed || any.replace(/=+$/, '') === sealed.replace(/=+$/, '')) return;
      expect(() => open(ring, any)).toThrow(/^A sealed secret is damaged|^No key of FARMBELL_SECRET_KEYS/);
    }),
    fuzz(200),
  );
});
