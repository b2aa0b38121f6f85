import { spawn } from 'node:child_process';
import { chmod, open, rename, stat } from 'node:fs/promises';
import { quietEnv, readIfAny } from './files.js';
import { guard } from './guard.js';
import { type EndingStep, endProcess, ORDERLY, ORPHANED, processIdentity, type ServerKind } from './processes.js';

export interface RunningChild {
  pid: number;
  /** Resolves when the process has ended. */
  ended: Promise<void>;
  hasEnded(): boolean;
  /** Sends a signal and waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Asks it to end, then forces it; resolves once it is gone. */
  stop(): Promise<void>;
  /** The last lines it wrote. */
  lastLines(): Promise<string>;
}

export interface ChildOptions {
  kind: ServerKind;
  command: string;
  args: readonly string[];
  /** Both output streams go here: a pipe would break, and with it the server, were this process killed. */
  logFile: string;
  user?: { uid: number; gid: number };
  /** A temporary folder that is removed should this process be killed. */
  remove?: string;
}

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const LAST_LINES = 12;

/** Starts a server in a process group of its own, watched so that it does not outlive this process. */
export async function startChild({ kind, command, args, logFile, user, remove }: ChildOptions): Promise<RunningChild> {
  await rotate(logFile);
  const log = await open(logFile, 'a', 0o600);
  const logStart = (await log.stat()).size;
  try {
    await chmod(logFile, 0o600);
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      // The server's user need not be able to enter the folder this process was started in.
      cwd: '/',
      env: quietEnv(),
      windowsHide: true,
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    });
    const { pid } = child;
    if (pid === undefined) {
      const cause = await new Promise<Error>((resolve) => child.once('error', resolve));
      throw new Error(`${command} cannot be started: ${cause.message}`);
    }
    const release = guard({ pid, identity: processIdentity(pid), steps: ORPHANED[kind], remove });
    child.on('error', () => undefined);
    child.unref();
    let over = false;
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => {
        over = true;
        release();
        resolve();
      });
    });
    const end = async (steps: readonly EndingStep[]) => {
      if (over) return;
      // Timers keep this process running while it waits, as the child itself does not.
      const identity = processIdentity(pid);
      if (identity !== undefined && !(await endProcess(pid, identity, steps)))
        throw new Error(`The ${kind} server (process ${pid}) does not end.`);
      const hold = setInterval(() => undefined, 1_000);
      await ended.finally(() => clearInterval(hold));
    };
    return {
      pid,
      ended,
      hasEnded: () => over,
      kill: (signal = 'SIGKILL') => end([[signal, 30_000]]),
      stop: () => end(ORDERLY[kind]),
      lastLines: async () => lastLines((await readIfAny(logFile)) ?? '', logStart),
    };
  } finally {
    await log.close();
  }
}

function lastLines(text: string, from: number): string {
  return Buffer.from(text).subarray(from).toString().trim().split('\n').slice(-LAST_LINES).join('\n');
}

/** One old log is kept; a log of an earlier start is read by whoever looks into a failure, so small ones stay. */
async function rotate(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (info) => info.size,
    () => 0,
  );
  if (size > LOG_LIMIT_BYTES) await rename(logFile, `${logFile}.1`);
}
