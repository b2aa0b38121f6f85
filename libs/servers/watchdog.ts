/**
 * A process of its own that outlives whoever started the servers, by just long enough to end them.
 *
 * Its standard input is a pipe from the starter. While it is open, lines come over it: `{"add": Ward}`, `{"drop": id}`.
 * It closes when the starter is gone, in whatever way, kill -9 included: then what is still on the list is ended.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type EndingStep, endProcess } from './processes.js';

/** A process to end, or (without `pid`) only a folder to remove. */
export interface Ward {
  id: number;
  pid?: number;
  /** Start of the process, see processIdentity(): a later process of the same id is left alone. */
  identity?: string;
  steps: readonly EndingStep[];
  /** A temporary folder to remove once the process is gone. */
  remove?: string;
}

export type WatchdogLine = { add: Ward } | { drop: number };

async function endWard(ward: Ward): Promise<void> {
  try {
    if (ward.pid !== undefined) await endProcess(ward.pid, ward.identity, ward.steps);
  } finally {
    if (ward.remove !== undefined) rmSync(ward.remove, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function watch(): Promise<void> {
  // Signals meant for the starter's group or session are not for this process: only the pipe counts.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const wards = new Map<number, Ward>();
  for await (const text of createInterface({ input: process.stdin })) {
    const line = JSON.parse(text) as WatchdogLine;
    if ('add' in line) wards.set(line.add.id, line.add);
    else wards.delete(line.drop);
  }
  await Promise.allSettled([...wards.values()].map(endWard));
}

await watch();
