import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** A user of this machine by number. */
export interface SystemUser {
  name: string;
  uid: number;
  gid: number;
}

/** PostgreSQL refuses to run as root; these are tried in this order. */
const CANDIDATES = ['postgres', 'nobody'] as const;
const MAX_MS = 20_000;

/** Whether this process runs as root. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The users in the text of /etc/passwd. */
export function parsePasswd(text: string): SystemUser[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && uid && gid && /^\d+$/.test(uid) && /^\d+$/.test(gid) ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

/** The existing user that root lends to PostgreSQL. Throws when the machine has neither `postgres` nor `nobody`. */
export async function unprivilegedUser(): Promise<SystemUser> {
  const users = parsePasswd(await readFile('/etc/passwd', 'utf8'));
  const found = CANDIDATES.flatMap((name) => users.find((user) => user.name === name && user.uid !== 0) ?? [])[0];
  if (found !== undefined) return found;
  throw new Error(
    `PostgreSQL does not run as root, and this machine has no user ${CANDIDATES.join(' or ')}: ` +
      'start Farmbell as an ordinary user, or set DATABASE_URL to a server that runs elsewhere.',
  );
}

/** Runs a program as `user` (as this process's user without one); true if it ends well. What it prints is dropped. */
export function runsAs(user: SystemUser | undefined, command: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const ids = user === undefined ? {} : { uid: user.uid, gid: user.gid };
    execFile(command, args, { cwd: '/', timeout: MAX_MS, windowsHide: true, ...ids }, (error) => resolve(error === null));
  });
}

/** Whether `user` can enter a folder: tried for real, as modes alone do not tell of access lists and mounts. */
export function canEnter(user: SystemUser, dir: string): Promise<boolean> {
  return runsAs(user, '/bin/sh', ['-c', 'cd "$0"', dir]);
}
