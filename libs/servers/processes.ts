import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** One step of ending a process: the signal, and how long to wait for the end before the next step, in milliseconds. */
export type EndingStep = readonly [signal: NodeJS.Signals, waitMs: number];

export type ServerKind = 'nats' | 'postgres';

/** How each server is asked to end in order: PostgreSQL's SIGINT is its fast shutdown, SIGQUIT its immediate one. */
export const ORDERLY: Readonly<Record<ServerKind, readonly EndingStep[]>> = {
  nats: [
    ['SIGTERM', 15_000],
    ['SIGKILL', 5_000],
  ],
  postgres: [
    ['SIGINT', 20_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ],
};

/** How they are ended when whoever started them is gone. */
export const ORPHANED: Readonly<Record<ServerKind, readonly EndingStep[]>> = {
  nats: [
    ['SIGTERM', 5_000],
    ['SIGKILL', 5_000],
  ],
  postgres: [
    ['SIGINT', 5_000],
    ['SIGKILL', 5_000],
  ],
};

const POLL_MS = 20;

/** Fields of /proc/<pid>/stat from the third on; the second (the name) may itself hold blanks and brackets. */
function procStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function ps(pid: number, column: string): string | undefined {
  const result = spawnSync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const text = result.status === 0 ? result.stdout.trim() : '';
  return text === '' ? undefined : text;
}

/** Whether a process of this id runs; one that has ended and only waits to be collected does not. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (process.platform === 'linux') {
    const state = procStat(pid)?.[0];
    return state !== undefined && state !== 'Z' && state !== 'X';
  }
  return true;
}

/**
 * What tells this process from a later one of the same id: when it started. Undefined when it does not run.
 * On Linux the start in clock ticks and the boot it belongs to, else the start time; Windows offers neither cheaply: 'unknown'.
 */
export function processIdentity(pid: number): string | undefined {
  if (!alive(pid)) return undefined;
  if (process.platform === 'linux') {
    const ticks = procStat(pid)?.[19];
    return ticks === undefined ? undefined : `${bootId()}/${ticks}`;
  }
  return process.platform === 'win32' ? 'unknown' : ps(pid, 'lstart');
}

/** The command line of a process, its arguments joined by blanks; undefined when it cannot be read. */
export function commandLine(pid: number): string | undefined {
  if (process.platform === 'win32') return undefined;
  if (process.platform !== 'linux') return ps(pid, 'command');
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  } catch {
    return undefined;
  }
}

/** The running processes whose working directory is `dir`; Linux only, and only those this user may look at. */
export function processesIn(dir: string): number[] {
  const pids = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  return pids.filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === dir && alive(pid);
    } catch {
      return false;
    }
  });
}

/** Waits until the process has ended; false when it still runs after `ms`. */
export async function waitGone(pid: number, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (alive(pid)) {
    if (Date.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** Ends a process step by step; true once it is gone. A process whose identity is no longer `identity` counts as gone. */
export async function endProcess(pid: number, identity: string | undefined, steps: readonly EndingStep[]): Promise<boolean> {
  for (const [signal, waitMs] of steps) {
    const now = processIdentity(pid);
    if (now === undefined || (identity !== undefined && now !== identity)) return true;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
      throw new Error(
        `Process ${pid} may not be ended by this user (${(error as NodeJS.ErrnoException).code}): end it yourself.`,
      );
    }
    if (await waitGone(pid, waitMs)) return true;
  }
  return !alive(pid);
}
