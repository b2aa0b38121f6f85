import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readFile, realpath, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { exists, readIfAny, unique, writePrivate } from './files.js';
import { ensureRootPlace } from './root-place.js';
import { canEnter, isRoot, parsePasswd, type SystemUser, unprivilegedUser } from './unprivileged.js';

/** Where a cluster is or will be, and as whom PostgreSQL runs there (as this process's user without `user`). */
export interface Place {
  clusterDir: string;
  user?: SystemUser;
  /** To be called once the cluster exists: the data dir then says where it is. */
  settle(): Promise<void>;
}

/** The file in a data dir that names the cluster's folder when it is elsewhere. */
export const LOCATION_FILE = 'postgres-location';
/** The file beside such a cluster that names the data dir it belongs to. */
const OWNER_FILE = 'data-dir';

const settled = async () => undefined;

/**
 * Finds or chooses the place of a data dir's cluster: `<data dir>/postgres`, or, as root when PostgreSQL's user cannot enter
 * the data dir, a folder of its own under /var/lib/farmbell. Nobody's permissions are changed for it.
 */
export async function clusterPlace(dataDir: string): Promise<Place> {
  const real = await realpath(dataDir);
  const told = (await readIfAny(join(real, LOCATION_FILE)))?.trim();
  if (told !== undefined && told !== '') return toldPlace(real, told);
  const clusterDir = join(real, 'postgres');
  if (!isRoot()) return { clusterDir, settle: settled };
  const owner = await clusterOwner(clusterDir);
  const user = owner ?? (await unprivilegedUser());
  if (await canEnter(user, real)) return { clusterDir, user, settle: settled };
  if (owner !== undefined) {
    throw new Error(
      `The user ${owner.name}, who owns the database in ${clusterDir}, can no longer enter the data dir: give that user the right to enter it.`,
    );
  }
  return newPlace(real, user);
}

/** A fresh folder for a cluster that is thrown away: in the system's temporary folder if PostgreSQL's user can enter it. */
export async function ephemeralPlace(): Promise<Place & { folder: string }> {
  const user = isRoot() ? await unprivilegedUser() : undefined;
  const outside = user !== undefined && !(await canEnter(user, tmpdir()));
  const folder = await mkdtemp(join(outside ? await ensureRootPlace() : await realpath(tmpdir()), 'farmbell-postgres-'));
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  return { clusterDir: join(folder, 'postgres'), user, folder, settle: settled };
}

async function newPlace(dataDir: string, user: SystemUser): Promise<Place> {
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  // The random part: a data dir that was deleted and made anew gets a new cluster, not the old one with a lost password.
  const folder = join(await ensureRootPlace(), `cluster-${hash}-${unique()}`);
  await mkdir(folder);
  await chmod(folder, 0o755);
  await writePrivate(join(folder, OWNER_FILE), `${dataDir}\n`);
  const clusterDir = join(folder, 'postgres');
  return { clusterDir, user, settle: () => writePrivate(join(dataDir, LOCATION_FILE), `${clusterDir}\n`) };
}

/** The place that the data dir names; one that belongs to a data dir which still exists elsewhere is not shared. */
async function toldPlace(dataDir: string, clusterDir: string): Promise<Place> {
  const location = join(dataDir, LOCATION_FILE);
  const user = await clusterOwner(clusterDir).catch(() => undefined);
  if (!(await exists(join(clusterDir, 'PG_VERSION')))) {
    throw new Error(
      `${location} says that the database is in ${clusterDir}, but there is none${isRoot() ? '' : ' that this user can read'}. ` +
        (isRoot()
          ? 'Bring that folder back, or delete the file to begin with an empty database.'
          : 'Start Farmbell as root, as before.'),
    );
  }
  const ownerFile = join(dirname(clusterDir), OWNER_FILE);
  const owner = (await readIfAny(ownerFile))?.trim();
  if (owner !== undefined && owner !== dataDir) {
    if ((await readIfAny(join(owner, LOCATION_FILE)))?.trim() === clusterDir) {
      throw new Error(
        `The database in ${clusterDir} belongs to the data dir ${owner}, of which this one looks like a copy: ` +
          `delete ${location} and postgres-password to begin with an empty database.`,
      );
    }
    // The data dir was moved or renamed.
    await writePrivate(ownerFile, `${dataDir}\n`);
  }
  return { clusterDir, user: isRoot() ? user : undefined, settle: settled };
}

/** Who owns an existing cluster: it is run by its owner, whoever started it first. */
async function clusterOwner(clusterDir: string): Promise<SystemUser | undefined> {
  if (!(await exists(join(clusterDir, 'PG_VERSION')))) return undefined;
  const { uid, gid } = await stat(clusterDir);
  const known = parsePasswd(await readFile('/etc/passwd', 'utf8')).find((user) => user.uid === uid);
  if (uid === 0)
    throw new Error(
      `${clusterDir} belongs to root, as which PostgreSQL does not run: give ${basename(clusterDir)} to another user.`,
    );
  return { name: known?.name ?? String(uid), uid, gid };
}
