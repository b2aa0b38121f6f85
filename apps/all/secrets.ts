import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { newKey, type Settings } from '#runtime';

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

function kept(file: string, make: () => string): string {
  if (!existsSync(file)) writeFileSync(file, `${make()}\n`, { mode: 0o600, flag: 'wx' });
  return readFileSync(file, 'utf8').trim();
}
