import { setTimeout as delay } from 'node:timers/promises';
import type { Sender } from './roles/publisher.js';

/** Sends all as fast as they are taken: each lane keeps `depth` requests of `array` events under way. */
export async function rush(
  sender: Sender,
  numbers: readonly number[],
  laneOf: (n: number) => number,
  sent: (n: number) => void,
): Promise<void> {
  const { lanes, depth, array } = sender;
  await Promise.all(
    Array.from({ length: lanes }, (_, lane) => {
      const mine = lanes === 1 ? numbers : numbers.filter((n) => laneOf(n) % lanes === lane);
      return inTurn(batches(mine, array), depth, (batch) => {
        for (const n of batch) sent(n);
        return sender.send(batch);
      });
    }),
  );
}

/** Sends evenly, one at a time, whether or not the ones before were accepted yet; resolves when all are. */
export async function pace(
  sender: Sender,
  numbers: readonly number[],
  perSecond: number,
  sent: (n: number) => void,
): Promise<void> {
  const started = performance.now();
  const answers: Promise<void>[] = [];
  for (const [i, n] of numbers.entries()) {
    const wait = started + (i * 1000) / perSecond - performance.now();
    if (wait > 0) await delay(wait);
    sent(n);
    const answer = sender.send([n]);
    answer.catch(() => {}); // thrown below
    answers.push(answer);
  }
  await Promise.all(answers);
}

export function batches<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

/** Calls `start` for each item in order, at most `depth` under way. Stops at the first failure, and throws it. */
export async function inTurn<T>(items: readonly T[], depth: number, start: (item: T) => Promise<void>): Promise<void> {
  let under = 0;
  let failure: Error | undefined;
  let wake = () => {};
  const ended = () => {
    under--;
    wake();
  };
  for (const item of items) {
    while (under >= depth) {
      await new Promise<void>((done) => {
        wake = done;
      });
    }
    if (failure) throw failure;
    under++;
    void start(item).then(ended, (error: Error) => {
      failure ??= error;
      ended();
    });
  }
  while (under > 0) {
    await new Promise<void>((done) => {
      wake = done;
    });
  }
  if (failure) throw failure;
}
