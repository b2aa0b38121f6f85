import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { quietEnv } from './files.js';
import type { Ward, WatchdogLine } from './watchdog.js';

const SCRIPT = fileURLToPath(new URL('./watchdog.js', import.meta.url));
/** A watchdog that keeps ending is not started for ever. */
const MAX_RESTARTS = 5;

const wards = new Map<number, Ward>();
let keeper: ChildProcess | undefined;
let restarts = 0;
let lastId = 0;

/**
 * Has a process ended (and/or a folder removed) when this process is gone without having called the returned release function.
 * The watchdog behind it is one small process for all, started with the first ward and ended with the last.
 */
export function guard(ward: Omit<Ward, 'id'>): () => void {
  lastId += 1;
  const id = lastId;
  wards.set(id, { ...ward, id });
  if (keeper === undefined) startKeeper();
  else send(keeper, { add: { ...ward, id } });
  return () => {
    if (!wards.delete(id) || keeper === undefined) return;
    send(keeper, { drop: id });
    if (wards.size > 0) return;
    // Nothing left to watch: the end of its input ends the watchdog, the next ward starts another.
    const done = keeper;
    keeper = undefined;
    done.stdin?.end();
  };
}

function send(to: ChildProcess, line: WatchdogLine): void {
  to.stdin?.write(`${JSON.stringify(line)}\n`);
}

function startKeeper(): void {
  const child = spawn(process.execPath, ['--max-old-space-size=16', '--max-semi-space-size=1', '--no-warnings', SCRIPT], {
    // A session of its own: a Ctrl-C in the terminal is for the application, which then stops the servers in order.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: quietEnv(),
    windowsHide: true,
  });
  keeper = child;
  child.unref();
  // A watchdog must not keep the application running; its input is a socket underneath, which can be let go too.
  (child.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  child.stdin?.on('error', () => undefined);
  child.on('error', () => undefined);
  child.once('exit', () => {
    if (keeper !== child) return;
    keeper = undefined;
    restarts += 1;
    if (wards.size > 0 && restarts <= MAX_RESTARTS) startKeeper();
  });
  for (const ward of wards.values()) send(child, { add: ward });
}
