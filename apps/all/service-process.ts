import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '#servers';
import { until } from '#testing';

const started = new Set<ChildProcess>();

/** Ends what a spec left running, also when it failed. */
export function endServices(): void {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
}

/** A service as an own process, for specs that kill it. */
export async function serviceProcess(name: string, env: Record<string, string>) {
  const port = await freePort();
  const main = new URL(`../${name}/main.js`, import.meta.url).pathname;
  const child: ChildProcess = spawn(process.execPath, [main], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, ...env, FARMBELL_METRICS_PORT: String(port), FARMBELL_LOG_LEVEL: 'silent' },
  });
  started.add(child);
  let stderr = '';
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  await until(`${name} ready`, 20_000, async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${stderr}`);
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200;
  });
  return {
    port,
    async end(signal: NodeJS.Signals) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    },
  };
}
