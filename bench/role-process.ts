import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Methods, Question, Reply } from './roles/role.js';

type Input<M extends Methods, K extends keyof M> = Parameters<M[K]>[0];
type Output<M extends Methods, K extends keyof M> = Awaited<ReturnType<M[K]>>;

const running = new Set<ChildProcess>();

/** Ends every role at once: for the harness's own end. */
export function endRoles(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** A role's process, seen from the harness. It ends when the harness does, in whatever way. */
export class RoleProcess<M extends Methods> {
  private lastId = 0;
  private readonly asked = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();

  constructor(
    name: string,
    private readonly child: ChildProcess,
  ) {
    running.add(child);
    child.on('message', ({ id, value, error }: Reply) => {
      const { resolve, reject } = this.asked.get(id)!;
      this.asked.delete(id);
      if (error === undefined) resolve(value as never);
      else reject(new Error(`${name}: ${error}`));
    });
    child.on('exit', (code, signal) => {
      running.delete(child);
      for (const { reject } of this.asked.values()) reject(new Error(`The ${name} process ended (${signal ?? code})`));
      this.asked.clear();
    });
  }

  /** `name`: the file in roles/. `node`: options of Node.js itself. */
  static start<M extends Methods>(name: string, node: string[] = []): RoleProcess<M> {
    const file = fileURLToPath(new URL(`./roles/${name}.js`, import.meta.url));
    return new RoleProcess<M>(name, fork(file, { execArgv: [...node], serialization: 'advanced' }));
  }

  get pid(): number {
    return this.child.pid!;
  }

  call<K extends keyof M & string>(name: K, input: Input<M, K>): Promise<Output<M, K>> {
    const question: Question = { id: ++this.lastId, name, input };
    return new Promise<Output<M, K>>((resolve, reject) => {
      this.asked.set(question.id, { resolve: resolve as never, reject });
      this.child.send(question, (error) => error && reject(error));
    });
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.disconnect();
    await gone;
  }
}
