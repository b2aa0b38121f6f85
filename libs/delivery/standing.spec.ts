import { setTimeout } from 'node:timers/promises';
import { type Database, metrics } from '#runtime';
import { testDatabase, until } from '#testing';
import { deliveryOf, waitingOf } from './samples.js';
import { openWaiting } from './schema.js';
import { Scopes } from './scopes.js';
import { tellStanding } from './standing.js';
import type { Cause, WaitingCounts } from './waiting.js';

let stored: Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
beforeAll(async () => {
  stored = await testDatabase();
  database = await openWaiting(stored.url);
});
afterAll(async () => {
  await database?.destroy();
  await stored?.drop();
});

async function told(name: string): Promise<Record<string, number>> {
  const { values } = await metrics.getSingleMetric(name)!.get();
  return Object.fromEntries(values.map(({ labels, value }) => [labels.cause ?? labels.consumer ?? labels.type, value]));
}

it('tells what waits in the lanes of this process, each once, and nothing once it has stopped', async () => {
  const waiting = await waitingOf(database, 'telegram');
  const row = (id: string, cause: Cause, dueInS: number | null, lane = 3) =>
    waiting.put({
      seq: 1,
      cause,
      due: dueInS === null ? null : new Date(Date.now() + dueInS * 1000),
      body: deliveryOf(id, { lane }),
    });
  await Promise.all([
    row('past', 'retry', -5),
    row('soon', 'retry', 600),
    row('asked', 'limit', 600),
    row('in-hand', 'limit', 600),
    row('behind', 'backlog', null),
    row('elsewhere', 'retry', 600, 4),
  ]);
  const scopes = new Scopes();
  scopes.pause('chat', 600_000);
  const entering = scopes.enter({ limits: [{ key: 'chat' }], group: 'c1' });
  const stopping = new AbortController();
  const telling = tellStanding({
    type: 'telegram',
    lanes: { owned: [3], lag: { messages: 7, seconds: 2 } } as never,
    dispatcher: { rowsHeld: ['in-hand'], counts: { underWay: 3, behind: 10 } } as never,
    scopes,
    waiting,
    onError: (error) => {
      throw error;
    },
    signal: stopping.signal,
  });
  await until('the rows are counted', 10_000, async () => (await told('farmbell_deliveries_waiting')).retry === 2);
  expect(await told('farmbell_deliveries_waiting')).toEqual({ queue: 7, backlog: 11, limit: 2, retry: 2 });
  expect(await told('farmbell_deliveries_in_flight')).toEqual({ telegram: 2 });
  expect(await told('farmbell_deliveries_due')).toEqual({ telegram: 7 + 11 + 1 });
  expect(await told('farmbell_consumer_lag_seconds')).toEqual({ telegram: 2 });
  stopping.abort();
  await telling;
  expect(await told('farmbell_deliveries_waiting')).toEqual({});
  expect(await told('farmbell_consumer_lag_messages')).toEqual({});
  scopes.wake();
  expect(await entering).toBeUndefined();
});

it('counts on soon after a part that a busy machine was slow with', async () => {
  const part: WaitingCounts = { backlog: 0, limit: 0, retry: 1, due: 0 };
  const slow = async function* () {
    for (let n = 0; n < 2; n++) {
      await setTimeout(300);
      yield part;
    }
  };
  const stopping = new AbortController();
  const telling = tellStanding({
    type: 'discord',
    lanes: { owned: [3], lag: { messages: 0, seconds: 0 } } as never,
    dispatcher: { rowsHeld: [], counts: { underWay: 0, behind: 0 } } as never,
    scopes: new Scopes(),
    waiting: { count: slow } as never,
    onError: (error) => {
      throw error;
    },
    signal: stopping.signal,
  });
  await until('both parts are counted', 20_000, async () => (await told('farmbell_deliveries_waiting')).retry === 2);
  stopping.abort();
  await telling;
}, 30_000);
