import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort, guard, processIdentity } from '#servers';
import { until } from './until.js';

export interface ServiceProcess {
  /** Its HTTP side: probes and metrics; the API, if it is the gateway. */
  port: number;
  pid: number;
  /** What it has written so far. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** Resolves when the process is gone; at once, if it is. */
  end(signal: NodeJS.Signals): Promise<void>;
}

const readyMs = 120_000;
const starts = 3;
const portTaken = /EADDRINUSE/;
const keptOutput = 1_000_000;
/** How it is ended when the starter is gone, in whatever way. */
const orphaned = [
  ['SIGTERM', 5_000],
  ['SIGKILL', 5_000],
] as const;
const started = new Set<ChildProcess>();

/** Ends what a spec left running, also when it failed. */
export function endServices(): void {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
}

/** A service (`all`: all of them) as an own process: started, and ready. `node`: options of Node.js itself. Throws with its output when it ends. */
export async function serviceProcess(name: string, env: Record<string, string>, node: string[] = []): Promise<ServiceProcess> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOn(await freePort(), name, env, node);
    } catch (error) {
      // somebody took the port between the look and the start
      if (tries === starts || !portTaken.test(String(error))) throw error;
    }
  }
}

async function startOn(port: number, name: string, env: Record<string, string>, node: string[]): Promise<ServiceProcess> {
  const main = new URL(`../../apps/${name}/main.js`, import.meta.url).pathname;
  const child = spawn(process.execPath, [...node, main], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      FARMBELL_LOG_LEVEL: 'warn',
      ...env,
      ...(name === 'gateway' || name === 'all' ? { FARMBELL_PORT: String(port) } : { FARMBELL_METRICS_PORT: String(port) }),
    },
  });
  started.add(child);
  const release = guard({ pid: child.pid, identity: processIdentity(child.pid!), steps: orphaned });
  let output = '';
  const keep = (chunk: Buffer) => {
    if (output.length < keptOutput) output += chunk;
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const over = () => child.exitCode !== null || child.signalCode !== null;
  void once(child, 'exit').then(() => {
    started.delete(child);
    release();
  });
  const service: ServiceProcess = {
    port,
    pid: child.pid!,
    output: () => output,
    signal: (signal) => void child.kill(signal),
    async end(signal) {
      if (over()) return;
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    },
  };
  const ready = until(`${name} is ready`, readyMs, async () => {
    if (over() || portTaken.test(output)) return true;
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200;
  });
  await ready.catch(async (error) => {
    await service.end('SIGKILL');
    throw new Error(`${(error as Error).message}. Its output: ${output}`, { cause: error });
  });
  if (over() || portTaken.test(output)) {
    await service.end('SIGKILL');
    throw new Error(`${name} ended at its start: ${output}`);
  }
  return service;
}
