import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError, type Settings } from './config.js';

type PemFile = 'FARMBELL_TLS_CERT' | 'FARMBELL_TLS_KEY' | 'FARMBELL_NATS_CA' | 'FARMBELL_NATS_CERT' | 'FARMBELL_NATS_KEY';

/** A certificate, with those that vouch for it, and its key: PEM. */
export interface Pair {
  cert: string;
  key: string;
}

/** What gateway and gRPC show who calls them; undefined: they speak plainly. Throws a ConfigError that names the variable. */
export const serverTls = (config: Settings): Pair | undefined => pair(config, 'FARMBELL_TLS_CERT', 'FARMBELL_TLS_KEY');

/** The certificates by which NATS is known, and what a connection shows of itself. */
export function natsTls(config: Settings): { ca?: string } & Partial<Pair> {
  const ca = certificate(config, 'FARMBELL_NATS_CA');
  return { ...(ca && { ca }), ...pair(config, 'FARMBELL_NATS_CERT', 'FARMBELL_NATS_KEY') };
}

function pair(config: Settings, certName: PemFile, keyName: PemFile): Pair | undefined {
  const cert = certificate(config, certName);
  const key = read(config, keyName);
  if (cert === undefined || key === undefined) return undefined;
  const parsed = parse(() => createPrivateKey(key), `${keyName}: the file holds no private key in PEM form without a passphrase`);
  if (!new X509Certificate(cert).checkPrivateKey(parsed))
    throw new ConfigError(`${certName} and ${keyName} do not belong together: the key is of another certificate`);
  return { cert, key };
}

function certificate(config: Settings, name: PemFile): string | undefined {
  const text = read(config, name);
  if (text !== undefined) parse(() => new X509Certificate(text), `${name}: the file holds no certificate in PEM form`);
  return text;
}

function read(config: Settings, name: PemFile): string | undefined {
  const file = config[name];
  if (file === undefined) return undefined;
  return parse(
    () => readFileSync(file, 'utf8'),
    `${name}: the file cannot be read: see that it exists and that this user may read it`,
  );
}

function parse<T>(work: () => T, fault: string): T {
  try {
    return work();
  } catch {
    throw new ConfigError(fault);
  }
}
