import { chmod, lstat, mkdir } from 'node:fs/promises';
import { codeOf } from './files.js';

/** Where root keeps what PostgreSQL's user must reach and cannot reach in the checkout or the data dir. */
export const ROOT_PLACE = '/var/lib/farmbell';

/**
 * Makes /var/lib/farmbell (root's, mode 755) if missing. Throws when it is not root's alone to write:
 * programs are started from it.
 */
export async function ensureRootPlace(): Promise<string> {
  try {
    await mkdir(ROOT_PLACE);
    await chmod(ROOT_PLACE, 0o755);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST')
      throw new Error(`${ROOT_PLACE} cannot be made (${codeOf(error)}): make it, owned by root, mode 755.`);
  }
  const info = await lstat(ROOT_PLACE);
  if (!info.isDirectory() || info.uid !== 0 || (info.mode & 0o022) !== 0) {
    throw new Error(`${ROOT_PLACE} has to be a folder that belongs to root and that only root can write: correct or remove it.`);
  }
  return ROOT_PLACE;
}
