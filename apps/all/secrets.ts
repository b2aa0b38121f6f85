import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError, newKey, type Settings } from '#runtime';

/** What the environment leaves open is generated once and kept in the data dir, readable by its owner alone. */
export function withSecrets(config: Settings): Settings & { tokenFile?: string } {
  const dir = resolve(config.FARMBELL_DATA_DIR);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const tokenFile = config.FARMBELL_ADMIN_TOKEN === undefined ? join(dir, 'admin-token') : undefined;
  return {
    ...config,
    FARMBELL_DATA_DIR: dir,
    FARMBELL_ADMIN_TOKEN: config.FARMBELL_ADMIN_TOKEN ?? kept(tokenFile!, () => randomBytes(32).toString('base64url')),
    FARMBELL_SECRET_KEYS: config.FARMBELL_SECRET_KEYS ?? kept(join(dir, 'secret-keys'), newKey),
    tokenFile,
  };
}

/** The keys that are set, or kept in the data dir; with `add`, a new one before those. Throws when there are none. */
export function keysOf(config: Settings, add = false): string {
  const set = config.FARMBELL_SECRET_KEYS;
  if (set !== undefined && add)
    throw new ConfigError('FARMBELL_SECRET_KEYS is set: put the new key first there yourself, and leave the old ones behind it');
  if (set !== undefined) return set;
  const file = join(resolve(config.FARMBELL_DATA_DIR), 'secret-keys');
  if (!existsSync(file)) throw new ConfigError(`FARMBELL_SECRET_KEYS is not set, and ${file} does not exist`);
  const keys = readFileSync(file, 'utf8').trim();
  if (!add) return keys;
  const both = `${newKey()},${keys}`;
  writeFileSync(`${file}.new`, `${both}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return both;
}

function kept(file: string, make: () => string): string {
  if (!existsSync(file)) writeFileSync(file, `${make()}\n`, { mode: 0o600, flag: 'wx' });
  return readFileSync(file, 'utf8').trim();
}
