import { setTimeout as delay } from 'node:timers/promises';
import type { Api } from './api.js';
import type { Inside } from './inside.js';

export const settleMs = 120_000;
const everyMs = 1000;
const saidEvery = 10;

/** Resolves when nothing is under way any more, three times in a row, or when time is up: then with what is, in words. */
export async function settled(inside: Inside, api: Api, say: (line: string) => void): Promise<string[]> {
  const deadline = Date.now() + settleMs;
  let quiet = 0;
  for (let turn = 1; ; turn++) {
    const left = await stillLeft(inside, api).catch((error: Error) => [error.message]);
    quiet = left.length === 0 ? quiet + 1 : 0;
    if (quiet === 3) return [];
    if (Date.now() > deadline) return left;
    if (turn % saidEvery === 0 && left.length > 0) say(`        ${left.join(', ')}`);
    await delay(everyMs);
  }
}

async function stillLeft(inside: Inside, api: Api): Promise<string[]> {
  const left = await inside.unsettled();
  const last = await inside.lastReport();
  if (last && !(await api.shows(last))) left.push(`the API does not show the last report, of delivery ${last.delivery}`);
  if ((await api.stateOf('doomed')).enabled) left.push('the channel `doomed` said that it is gone (410), and is still enabled');
  return left;
}
