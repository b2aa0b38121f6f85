import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

const POLL_MS = 20;

/**
 * Asks `probe` every 20 ms until it answers something truthy, and resolves with that. After `ms` milliseconds it throws an
 * error that names `what` was waited for and the last answer or error; a probe that throws is asked again until then.
 */
export async function until<T>(what: string, ms: number, probe: () => T | Promise<T>): Promise<NonNullable<T>> {
  const deadline = Date.now() + ms;
  for (;;) {
    let last: string;
    let cause: unknown;
    try {
      const answer = await probe();
      if (answer) return answer;
      last = inspect(answer);
    } catch (error) {
      cause = error;
      last = String(error);
    }
    if (Date.now() >= deadline) throw new Error(`Waited ${ms} ms in vain until ${what}; last: ${last}`, { cause });
    await delay(POLL_MS);
  }
}
