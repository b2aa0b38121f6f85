import { type ChildProcess, fork, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ToKeeper } from './keeper.js';

/** Everything that the harness starts. Nothing of it outlives the harness, however that ends. */
export class Children {
  private readonly running = new Set<ChildProcess>();
  private readonly keeper = fork(file('./keeper.js'), { detached: true, stdio: 'ignore' });
  private readonly ended = () => this.endAll();

  constructor() {
    this.keeper.unref();
    this.keeper.channel?.unref();
    process.on('exit', this.ended);
  }

  /** Starts a program; what it writes goes to the end of `log`. */
  start(command: string, args: string[], { log, ...options }: SpawnOptions & { log: string }): ChildProcess {
    const out = openSync(log, 'a');
    const child = spawn(command, args, { ...options, stdio: ['ignore', out, out], detached: true });
    closeSync(out);
    return this.keep(child);
  }

  /** Starts a module of the harness as a process that messages are exchanged with. */
  fork(module: string): ChildProcess {
    return this.keep(fork(file(module), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' }));
  }

  endAll(): void {
    for (const child of this.running) child.kill('SIGKILL');
    process.off('exit', this.ended);
    if (this.keeper.connected) this.keeper.disconnect();
  }

  private keep(child: ChildProcess): ChildProcess {
    const { pid } = child;
    child.on('error', () => {});
    if (pid === undefined) return child;
    this.running.add(child);
    this.tell({ keep: pid });
    child.once('exit', () => {
      this.running.delete(child);
      this.tell({ over: pid });
    });
    return child;
  }

  private tell(message: ToKeeper): void {
    if (this.keeper.connected) this.keeper.send(message);
  }
}

const file = (module: string) => fileURLToPath(new URL(module, import.meta.url));

export const isOver = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** Resolves when the process is gone; at once, if it is. */
export async function gone(child: ChildProcess): Promise<void> {
  if (!isOver(child)) await once(child, 'exit');
}
