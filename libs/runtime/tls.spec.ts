import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificate } from '../testing/certificate.js';
import { ConfigError, readConfig } from './config.js';
import { natsTls, serverTls } from './tls.js';

const dir = mkdtempSync(join(tmpdir(), 'farmbell-tls-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const [one, other] = [certificate(), certificate()];
const sealed = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const files = {
  cert: file('cert.pem', one.cert),
  key: file('key.pem', one.key),
  otherKey: file('other-key.pem', other.key),
  sealedKey: file('sealed-key.pem', sealed.privateKey),
  text: file('text.pem', 'secret-text, not PEM'),
  missing: join(dir, 'missing.pem'),
};
const faultOf = (cert: string, key: string): string => {
  try {
    serverTls(readConfig({ FARMBELL_TLS_CERT: cert, FARMBELL_TLS_KEY: key }));
    return '';
  } catch (error) {
    return error instanceof ConfigError ? error.message : String(error);
  }
};

it('reads a certificate and its key, and nothing where none is set', () => {
  expect(serverTls(readConfig({ FARMBELL_TLS_CERT: files.cert, FARMBELL_TLS_KEY: files.key }))).toEqual(one);
  expect(serverTls(readConfig({}))).toBeUndefined();
  expect(natsTls(readConfig({}))).toEqual({});
  expect(natsTls(readConfig({ FARMBELL_NATS_CA: files.cert }))).toEqual({ ca: one.cert });
  const pair = { FARMBELL_NATS_CERT: files.cert, FARMBELL_NATS_KEY: files.key };
  expect(natsTls(readConfig(pair))).toEqual(one);
});

it.each([
  [files.missing, files.key, /^FARMBELL_TLS_CERT: the file cannot be read/],
  [files.cert, files.missing, /^FARMBELL_TLS_KEY: the file cannot be read/],
  [files.text, files.key, /^FARMBELL_TLS_CERT: the file holds no certificate/],
  [files.key, files.cert, /^FARMBELL_TLS_CERT: the file holds no certificate/],
  [files.cert, files.text, /^FARMBELL_TLS_KEY: the file holds no private key/],
  [files.cert, files.sealedKey, /^FARMBELL_TLS_KEY: .* without a passphrase/],
  [files.cert, files.otherKey, /^FARMBELL_TLS_CERT and FARMBELL_TLS_KEY do not belong together/],
])('names the variable at fault (%#)', (cert, key, fault) => {
  expect(faultOf(cert, key)).toMatch(fault);
  expect(faultOf(cert, key)).not.toContain('secret-text');
});

it.each([
  ['FARMBELL_TLS_CERT', 'FARMBELL_TLS_KEY'],
  ['FARMBELL_NATS_CERT', 'FARMBELL_NATS_KEY'],
])('wants %s and %s both, or neither', (cert, key) => {
  expect(() => readConfig({ [cert]: files.cert })).toThrow(`${cert} and ${key} go together`);
  expect(() => readConfig({ [key]: files.key })).toThrow(`${cert} and ${key} go together`);
});

it('wants nats:// or tls://: the client speaks nothing else', () => {
  expect(readConfig({ NATS_URL: 'tls://a:b@one:4222,tls://two:4222' }).NATS_URL).toContain('two');
  for (const url of ['ws://a', 'wss://a', 'http://a'])
    expect(() => readConfig({ NATS_URL: url })).toThrow(/^NATS_URL must look like/);
});
