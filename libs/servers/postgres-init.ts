import { execFile } from 'node:child_process';
import { chown, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { exists, quietEnv, readIfAny, unique } from './files.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import type { SystemUser } from './unprivileged.js';

export interface InitOptions {
  clusterDir: string;
  binaries: PostgresBinaries;
  user?: SystemUser;
  /** The database's superuser and its password. */
  role: string;
  password: string;
  /** Whether the new files are brought to the disk for good. */
  durable: boolean;
  log: (line: string) => void;
}

const MAX_MS = 5 * 60_000;
const DRAFT = '.new-';

/**
 * Makes the cluster unless there is one: in a folder beside it, renamed when finished, so that a start that was cut off
 * leaves nothing that looks like a cluster. Its own remains are removed; a folder in the way that is not empty is set aside.
 */
export async function ensureCluster(options: InitOptions): Promise<void> {
  const { clusterDir, log } = options;
  await removeDrafts(clusterDir);
  if (await exists(join(clusterDir, 'PG_VERSION'))) return;
  if (await exists(clusterDir)) {
    const aside = `${clusterDir}.unfinished-${unique()}`;
    await rename(clusterDir, aside);
    const empty = (await readdir(aside)).length === 0;
    if (empty) await rm(aside, { recursive: true });
    else log(`${clusterDir} held no complete database and was set aside as ${aside}.`);
  }
  const draft = `${clusterDir}${DRAFT}${unique()}`;
  const passwordFile = `${draft}.password`;
  try {
    await makeOwned(draft, options.user);
    await writeOwned(passwordFile, options.password, options.user);
    await runInitdb(options, draft, passwordFile);
    await rename(draft, clusterDir);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
}

/** The major version a cluster was made by. */
export async function clusterVersion(clusterDir: string): Promise<string> {
  return ((await readIfAny(join(clusterDir, 'PG_VERSION'))) ?? '').trim();
}

async function removeDrafts(clusterDir: string): Promise<void> {
  const parent = dirname(clusterDir);
  const drafts = (await readdir(parent)).filter((name) => name.startsWith(`${basename(clusterDir)}${DRAFT}`));
  for (const name of drafts) await rm(join(parent, name), { recursive: true, force: true });
}

async function makeOwned(dir: string, user: SystemUser | undefined): Promise<void> {
  await mkdir(dir, { mode: 0o700 });
  if (user !== undefined) await chown(dir, user.uid, user.gid);
}

async function writeOwned(file: string, text: string, user: SystemUser | undefined): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    if (user !== undefined) await handle.chown(user.uid, user.gid);
    await handle.writeFile(`${text}\n`);
  } finally {
    await handle.close();
  }
}

async function runInitdb({ binaries, user, role, durable }: InitOptions, dir: string, passwordFile: string): Promise<void> {
  const args = [
    `--pgdata=${dir}`,
    `--username=${role}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own rules for characters: the same order on every system, whatever locales it has installed.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(durable ? [] : ['--no-sync']),
  ];
  const ids = user === undefined ? {} : { uid: user.uid, gid: user.gid };
  await new Promise<void>((resolve, reject) => {
    execFile(
      binaries.initdb,
      args,
      { cwd: '/', env: quietEnv(), timeout: MAX_MS, windowsHide: true, ...ids },
      (error, _stdout, stderr) => {
        if (error === null) resolve();
        else reject(new Error(`PostgreSQL's initdb failed in ${dirname(dir)}: ${(stderr || error.message).trim().slice(-600)}`));
      },
    );
  });
}
