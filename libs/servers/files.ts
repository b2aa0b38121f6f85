import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** The code of a file system error ('ENOENT' and so on), or ''. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? '';
}

/** The text of a file, undefined when there is none. */
export async function readIfAny(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Some letters and digits that make a name unique. */
export function unique(): string {
  return randomBytes(6).toString('hex');
}

/** Writes a file of mode 600 as a whole: after a power cut there is the old text or the new one. */
export async function writePrivate(file: string, text: string): Promise<void> {
  const draft = `${file}.${unique()}.tmp`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** The secret kept in `file` (mode 600), generated on first use: 48 hexadecimal digits, safe in URLs and configuration files. */
export async function keptSecret(file: string): Promise<string> {
  const kept = (await readIfAny(file))?.trim();
  if (kept !== undefined && kept !== '') return kept;
  const secret = randomBytes(24).toString('hex');
  await writePrivate(file, `${secret}\n`);
  return secret;
}

/** Makes a folder of mode 700; one that exists is left as it is. Its parents get the usual permissions. */
export async function ensurePrivateDir(dir: string): Promise<void> {
  await mkdir(dirname(dir), { recursive: true });
  try {
    await mkdir(dir, { mode: 0o700 });
    await chmod(dir, 0o700);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    // Not lstat: the data dir may be a link to a folder on another disk.
    if (!(await stat(dir)).isDirectory()) throw new Error(`${dir} is not a folder: choose another data dir or move it away.`);
  }
}

/** Where things fetched once for this user are kept when node_modules cannot be written. */
export function userCacheDir(): string {
  const base =
    process.env.XDG_CACHE_HOME ||
    (process.platform === 'win32' ? process.env.LOCALAPPDATA : undefined) ||
    join(homedir(), '.cache');
  return join(base, 'farmbell');
}

const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'SYSTEMROOT', 'windir'];

/** The environment for the servers: nothing of the application's settings or secrets, nor of other database tools. */
export function quietEnv(): NodeJS.ProcessEnv {
  const kept = PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

/** The nearest folder at or above `from` for which `test` holds. */
export async function upwards(from: string, test: (dir: string) => Promise<boolean>): Promise<string | undefined> {
  for (let dir = from; ; dir = dirname(dir)) {
    if (await test(dir)) return dir;
    if (dirname(dir) === dir) return undefined;
  }
}
