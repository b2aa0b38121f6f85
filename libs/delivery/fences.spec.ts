import type { Database } from '#runtime';
import { testDatabase, until } from '#testing';
import { deliveryOf, takeLanes, waitingOf } from './samples.js';
import { openWaiting } from './schema.js';
import { summaryOf } from './summary.js';
import { Waiting, type WaitingRow } from './waiting.js';

let place: Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
let before: Waiting;
let next: Waiting;
beforeAll(async () => {
  place = await testDatabase();
  database = await openWaiting(place.url);
});
afterAll(async () => {
  await database?.destroy();
  await place?.drop();
});
beforeEach(async () => {
  await database.query('truncate waiting, fence');
  before = await waitingOf(database, 'webhook');
  next = new Waiting(database, 'webhook');
});

const row = (id: string, lane: number, attempt = 2): WaitingRow => ({
  seq: 1,
  cause: 'backlog',
  due: null,
  body: deliveryOf(id, { lane, attempt }),
});
const stored = async () =>
  (await database.rows<{ delivery: string }>('select delivery from waiting order by delivery')).map(({ delivery }) => delivery);
const someoneWaits = () =>
  until('a statement waits for another', 10_000, async () => {
    const [found] = await database.rows<{ n: number }>(
      "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return found!.n > 0;
  });

it('who has taken a lane stores its rows, and who had it before stores none any more, but those of other lanes', async () => {
  expect(await before.put(row('a', 3))).toBe(true);
  await takeLanes(next, [3]);
  expect(await Promise.all([before.put(row('b', 3)), before.put(row('c', 4)), next.put(row('d', 3))])).toEqual([
    false,
    true,
    true,
  ]);
  expect([...(await before.putAll([row('e', 3), row('f', 5)]))]).not.toContain(3);
  expect(await stored()).toEqual(['a', 'c', 'd', 'f']);
  expect([await before.fences.holds(3), await next.fences.holds(3), await before.fences.holds(4)]).toEqual([false, true, true]);
});

it('who is refused is told of which lane, also when the table is not the one it knew', async () => {
  const refused: number[] = [];
  const told = new Waiting(database, 'webhook', (lane) => refused.push(lane));
  await takeLanes(told, [3, 4]);
  await database.query("delete from fence where type = 'webhook' and lane = 3");
  await told.putAll([row('a', 3), row('b', 3), row('c', 4)]);
  expect([refused, await stored()]).toEqual([[3], ['c']]);
  await takeLanes(told, [3]);
  expect(await told.put(row('a', 3))).toBe(true);
});

it('what a lane’s next owner has ended is not brought back', async () => {
  await before.put(row('a', 3));
  await takeLanes(next, [3]);
  await next.remove({ id: 'a', attempt: 2 });
  await before.put(row('a', 3, 3));
  expect(await stored()).toEqual([]);
});

it('another channel type’s lanes are its own', async () => {
  const discord = await waitingOf(database, 'discord');
  await takeLanes(discord, [3]);
  expect(await before.put(row('a', 3))).toBe(true);
});

it('of two that look at once one takes the lane, and the other is told so and takes it after another look', async () => {
  const third = new Waiting(database, 'webhook');
  await next.fences.look();
  await third.fences.look();
  await next.fences.raise([3, 4]);
  await expect(third.fences.raise([3, 5])).rejects.toThrow('lanes 3 of webhook are being taken by another process');
  expect(await Promise.all([third.put(row('a', 3)), next.put(row('b', 3))])).toEqual([false, true]);
  await takeLanes(third, [3]);
  expect(await Promise.all([third.put(row('a', 3)), next.put(row('b', 3))])).toEqual([true, false]);
});

it('a row on its way while the lane is taken is stored before that, or not at all', async () => {
  let seen: Promise<string[]> | undefined;
  await database.transaction(async (manager) => {
    await before.fences.held([3], manager);
    seen = takeLanes(next, [3]).then(stored);
    await someoneWaits();
    await manager.query("insert into waiting select 'a', 1, 'webhook', 3, 'c1', 1, 1, null, 'backlog', '{}'");
  });
  expect(await seen).toEqual(['a']);
  let storing: Promise<boolean> | undefined;
  await database.transaction(async (manager) => {
    await manager.query("update fence set raised = raised + 1 where type = 'webhook' and lane = 3");
    storing = next.put(row('b', 3));
    await someoneWaits();
  });
  expect(await storing).toBe(false);
  expect(await stored()).toEqual(['a']);
});

it('a backlog is not folded by who had it before', async () => {
  await before.putAll([row('a', 3), row('b', 3)]);
  await takeLanes(next, [3]);
  const fold = (waiting: Waiting) =>
    waiting.fold('c1', [3], 10, (rows) => (rows.length > 0 ? summaryOf(rows, new Date()) : undefined));
  expect(await fold(before)).toBeUndefined();
  expect(await stored()).toEqual(['a', 'b']);
  expect((await fold(next))!.body.folds).toHaveLength(2);
});
