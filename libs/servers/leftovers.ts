import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readIfAny, writePrivate } from './files.js';
import { alive, commandLine, endProcess, ORPHANED, processesIn, processIdentity, type ServerKind } from './processes.js';

interface Remembered {
  pid: number;
  /** An argument of the server's command line that only a server of this data dir has: its configuration file or cluster folder. */
  marker: string;
}

/** Processes of a killed PostgreSQL server notice it within seconds, unless they are deep in a computation. */
const REMAINS_MS = 30_000;
const POLL_MS = 20;

const KINDS: readonly ServerKind[] = ['nats', 'postgres'];

/** The file in which a data dir remembers its running server of a kind. */
export function pidFile(dir: string, kind: ServerKind): string {
  return join(dir, `${kind}.pid`);
}

/** Remembers a started server, so that a later start can end it should this process be killed. */
export async function rememberServer(file: string, pid: number, marker: string): Promise<void> {
  await writePrivate(file, JSON.stringify({ pid, marker } satisfies Remembered));
}

/**
 * Ends the servers that a killed start left behind in this data dir and waits until they are gone. A process is ended only
 * if its command line names this data dir's configuration or cluster. Resolves with a sentence for each server ended.
 */
export async function endLeftovers(dir: string): Promise<string[]> {
  const ended = await Promise.all(KINDS.map((kind) => endRemembered(pidFile(dir, kind), kind)));
  return ended.flatMap((sentence) => sentence ?? []);
}

/**
 * Ends a PostgreSQL server that runs on a cluster folder, by the process id the server itself keeps there, and sees to it
 * that the next one can start: a server that was killed leaves its lock file, and PostgreSQL takes any process that now has
 * the id in it, a dead one not yet collected included, for the server.
 */
export async function endServerOfCluster(clusterDir: string): Promise<string | undefined> {
  const lockFile = join(clusterDir, 'postmaster.pid');
  const pid = Number((await readIfAny(lockFile))?.split('\n')[0]);
  if (!Number.isInteger(pid) || pid < 1) return undefined;
  const ended = await endIfOurs({ pid, marker: clusterDir }, 'postgres');
  if (process.platform !== 'linux') return ended;
  // The file also guards against what remains of a killed server: its processes work in the cluster's folder.
  const deadline = Date.now() + REMAINS_MS;
  for (let remains = processesIn(clusterDir); remains.length > 0; remains = processesIn(clusterDir)) {
    if (Date.now() >= deadline) {
      throw new Error(
        `A killed PostgreSQL server has left processes in ${clusterDir} (${remains.join(', ')}): end them, then start again.`,
      );
    }
    await delay(POLL_MS);
  }
  await rm(lockFile, { force: true });
  return ended;
}

async function endRemembered(file: string, kind: ServerKind): Promise<string | undefined> {
  const remembered = parse(await readIfAny(file));
  const ended = remembered === undefined ? undefined : await endIfOurs(remembered, kind);
  await rm(file, { force: true });
  return ended;
}

async function endIfOurs({ pid, marker }: Remembered, kind: ServerKind): Promise<string | undefined> {
  if (pid === process.pid || !alive(pid) || !isArgument(commandLine(pid), marker)) return undefined;
  if (!(await endProcess(pid, processIdentity(pid), ORPHANED[kind]))) {
    throw new Error(`A ${kind} server of an earlier start (process ${pid}) does not end: end it yourself, then start again.`);
  }
  return `Ended the ${kind} server of an earlier start (process ${pid}).`;
}

/** Whole arguments only: /data/a must not be found in /data/ab. */
function isArgument(command: string | undefined, marker: string): boolean {
  return command !== undefined && marker !== '' && ` ${command} `.includes(` ${marker} `);
}

function parse(text: string | undefined): Remembered | undefined {
  try {
    const { pid, marker } = JSON.parse(text ?? '') as Partial<Remembered>;
    return Number.isInteger(pid) && pid! > 1 && typeof marker === 'string' ? { pid: pid!, marker } : undefined;
  } catch {
    return undefined;
  }
}
