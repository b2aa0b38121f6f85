import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

const leastMs = 20;
const mostMs = 250;
/** Who has waited long may be answered a little later: asking costs the CPU that others wait for. */
const share = 0.1;

/**
 * Asks `probe` until it answers something truthy, and resolves with that: every 20 ms at first, then ever more seldom, at last
 * every 250 ms. After `ms` milliseconds it throws an error that names `what` was waited for and the last answer or error; a probe
 * that throws is asked again until then.
 */
export async function until<T>(what: string, ms: number, probe: () => T | Promise<T>): Promise<NonNullable<T>> {
  const began = Date.now();
  for (;;) {
    let last: () => string;
    let cause: unknown;
    try {
      const answer = await probe();
      if (answer) return answer;
      last = () => inspect(answer);
    } catch (error) {
      cause = error;
      last = () => String(error);
    }
    const waited = Date.now() - began;
    if (waited >= ms) throw new Error(`Waited ${ms} ms in vain until ${what}; last: ${last()}`, { cause });
    await delay(Math.min(Math.max(leastMs, waited * share), mostMs, ms - waited));
  }
}
