import { createHash } from 'node:crypto';
import { link, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, unique } from './files.js';
import { processIdentity } from './processes.js';

/** Who holds a lock: a process id and its start, so that a later process of the same id is not taken for the holder. */
interface Holder {
  pid: number;
  started: string;
}

type Outcome = { held: true } | { held: false; holder: Holder };

const LOCK_FILE = 'lock';
/** A lock file without a holder in it is taken over after this long: it may be just being written. */
const UNREADABLE_MS = 3_000;
const RETRY_MS = 20;

/**
 * Takes the lock of a data dir for this process; the returned function releases it.
 * A lock whose holder has ended is taken over. Throws when another process (or this one) holds it, naming its id.
 */
export async function lockDataDir(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, LOCK_FILE);
  const text = JSON.stringify({ pid: process.pid, started: processIdentity(process.pid) ?? 'unknown', key: unique() });
  const outcome = await acquire(path, text);
  if (!outcome.held) {
    throw new Error(
      `Farmbell already runs on the data dir ${dir} (process ${outcome.holder.pid}). ` +
        'Stop that process first, or give this one a data dir of its own with FARMBELL_DATA_DIR.',
    );
  }
  return async () => {
    if ((await readOr(path, '')) === text) await rm(path, { force: true });
  };
}

/**
 * Creates `path` with `text` if it is free or its holder has ended. To replace a dead holder's file one must hold the lock
 * named after that very file's text: of several processes that find it dead, one replaces it, and none replaces a live one's.
 */
async function acquire(path: string, text: string): Promise<Outcome> {
  for (;;) {
    if (await createWhole(path, text)) return { held: true };
    const found = await readOr(path, undefined);
    if (found === undefined) continue;
    const holder = parseHolder(found);
    if (holder === undefined && (await ageMs(path)) < UNREADABLE_MS) {
      await delay(RETRY_MS);
      continue;
    }
    if (holder !== undefined && runs(holder)) return { held: false, holder };
    const guardPath = `${path}.${createHash('sha256').update(found).digest('hex').slice(0, 12)}`;
    if (!(await acquire(guardPath, text)).held) {
      await delay(RETRY_MS);
      continue;
    }
    try {
      if ((await readOr(path, undefined)) !== found) continue;
      const draft = `${path}.${unique()}.tmp`;
      await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
      await rename(draft, path);
      return { held: true };
    } finally {
      await rm(guardPath, { force: true });
    }
  }
}

/** Creates the file with its whole text in one step; false when there is one already. */
async function createWhole(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${unique()}.tmp`;
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    // A file system without hard links: the text then follows the name, see UNREADABLE_MS.
    return await writeFile(path, text, { mode: 0o600, flag: 'wx' }).then(
      () => true,
      (inner) => {
        if (codeOf(inner) === 'EEXIST') return false;
        throw inner;
      },
    );
  } finally {
    await unlink(draft);
  }
}

function runs(holder: Holder): boolean {
  return processIdentity(holder.pid) === holder.started;
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

async function readOr<T>(path: string, other: T): Promise<string | T> {
  return readFile(path, 'utf8').catch((error) => {
    if (codeOf(error) === 'ENOENT') return other;
    throw new Error(`The lock ${path} cannot be read (${codeOf(error)}): start as the user that owns the data dir.`);
  });
}

async function ageMs(path: string): Promise<number> {
  return stat(path).then(
    (info) => Date.now() - info.mtimeMs,
    () => 0,
  );
}
