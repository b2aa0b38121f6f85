import type { Database } from '#runtime';
import { testDatabase, until } from '#testing';
import { Dispatcher, type DispatcherParts } from './dispatcher.js';
import { deliveryOf, itemOf, settled, waitingOf } from './samples.js';
import { openWaiting } from './schema.js';
import { summaryOf } from './summary.js';
import type { Waiting, WaitingRow } from './waiting.js';
import type { Item, Turn } from './worker.js';

let place: Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
let waiting: Waiting;
let stop: AbortController;
let faults: unknown[];
/** Deliveries whose turn it is, and how it ends. */
let turns: { item: Item; turn: Turn; end: (as: 'done' | 'yields') => void }[];
beforeAll(async () => {
  place = await testDatabase();
  database = await openWaiting(place.url);
});
afterAll(async () => {
  await database?.destroy();
  await place?.drop();
});
beforeEach(async () => {
  await database.query('truncate waiting');
  waiting = await waitingOf(database, 'telegram');
  [stop, faults, turns] = [new AbortController(), [], []];
});
afterEach(() => {
  stop.abort();
  for (const { end } of turns) end('done');
});

const rowItem = (row: Pick<WaitingRow, 'seq' | 'body'>) => itemOf(row.body, { seq: row.seq });
const open = (more: Partial<DispatcherParts> = {}) =>
  new Dispatcher({
    waiting,
    lanes: () => [3],
    work: (item, turn) => new Promise((end) => turns.push({ item, turn, end })),
    fold: (channel) => waiting.fold(channel, [3], 100, (rows) => (rows.length > 1 ? summaryOf(rows, new Date()) : undefined)),
    itemOf: rowItem,
    wake: () => {},
    onError: (error) => faults.push(error),
    signal: stop.signal,
    ...more,
  });
const row = (id: string, attempt = 2): WaitingRow => ({
  seq: 1,
  cause: 'retry',
  due: new Date(),
  body: deliveryOf(id, { attempt }),
});
const stored = () => database.rows<{ delivery: string; cause: string }>('select delivery, cause from waiting order by delivery');
const turnOf = (id: string) => until(`the turn of ${id}`, 5000, () => turns.find(({ item }) => item.delivery.id === id));

it('a delivery that goes on in place is not taken from the table beside that', async () => {
  const dispatcher = open();
  await dispatcher.offer(itemOf(deliveryOf('d1')));
  const { turn, end } = await turnOf('d1');
  const next = row('d1');
  turn.goesOn(rowItem(next));
  await waiting.put(next);
  expect(dispatcher.rowsHeld).toEqual(['d1']);
  await dispatcher.offerRow(next);
  end('done');
  await settled();
  expect([turns.length, dispatcher.rowsHeld]).toEqual([1, []]);
});

it('a test that goes on in place is not either, and leaves nothing in hand when it fails', async () => {
  let fail: (error: Error) => void = () => {};
  const dispatcher = open({
    work: (item, turn) =>
      new Promise((end, failed) => {
        turns.push({ item, turn, end });
        fail = failed;
      }),
  });
  await dispatcher.offer(itemOf(deliveryOf('t1', { test: { reply: 'x' } })));
  const { turn } = await turnOf('t1');
  turn.goesOn(rowItem(row('t1')));
  await dispatcher.offerRow(row('t1'));
  expect([turns.length, dispatcher.rowsHeld]).toEqual([1, ['t1']]);
  fail(new Error('ours'));
  await settled();
  expect([dispatcher.rowsHeld, faults]).toEqual([[], [new Error('ours')]]);
});

it('what goes on in place goes back to the table with its attempts when all is folded', async () => {
  const dispatcher = open({ fold: async () => undefined });
  await dispatcher.offer(itemOf(deliveryOf('d1')));
  const { turn, end } = await turnOf('d1');
  const next = row('d1', 3);
  turn.goesOn(rowItem(next));
  await waiting.put(next);
  turn.fold();
  end('yields');
  const again = await until('it is taken again', 5000, () => turns[1]);
  expect(again.item.delivery).toMatchObject({ id: 'd1', attempt: 3 });
  expect(await stored()).toEqual([{ delivery: 'd1', cause: 'backlog' }]);
});

it('a summary that comes as a row that is due, just as it is made, is in hand once', async () => {
  let summary: WaitingRow | undefined;
  const dispatcher: Dispatcher = open({
    fold: async (channel) => {
      summary = await waiting.fold(channel, [3], 100, (rows) => summaryOf(rows, new Date()));
      await dispatcher.offerRow((await waiting.due([3], 10, dispatcher.rowsHeld))[0]!);
      return summary;
    },
  });
  for (const id of ['a', 'b']) await dispatcher.offer(itemOf(deliveryOf(id)));
  const { turn, end } = await turnOf('a');
  turn.fold();
  end('yields');
  (await turnOf('b')).end('yields');
  const made = await until('the summary', 5000, () => turns.find(({ item }) => item.delivery.folds));
  made.end('done');
  await settled();
  expect(made.item.delivery.id).toBe(summary?.body.id);
  expect(turns.filter(({ item }) => item.delivery.folds)).toHaveLength(1);
});

it('a row that could not be put back is in hand no more, and comes when it is due', async () => {
  const dispatcher = open({ fold: async () => undefined });
  await waiting.put(row('d1'));
  await dispatcher.offerRow(row('d1'));
  const { turn, end } = await turnOf('d1');
  const put = waiting.put.bind(waiting);
  Object.assign(waiting, { put: () => Promise.reject(new Error('away')) });
  turn.fold();
  end('yields');
  await settled();
  Object.assign(waiting, { put });
  expect([dispatcher.rowsHeld, faults]).toEqual([[], [new Error('away')]]);
  await dispatcher.offerRow((await waiting.due([3], 10, dispatcher.rowsHeld))[0]!);
  await until('it is taken again', 5000, () => turns.length === 2);
});

it('a fold that fails is tried again, and what comes meanwhile goes behind it', async () => {
  let tries = 0;
  const dispatcher = open({
    fold: async (channel) => {
      if (++tries === 1) throw new Error('away');
      return waiting.fold(channel, [3], 100, (rows) => summaryOf(rows, new Date()));
    },
  });
  for (const id of ['a', 'b']) await dispatcher.offer(itemOf(deliveryOf(id)));
  const { turn, end } = await turnOf('a');
  turn.fold();
  end('yields');
  (await turnOf('b')).end('yields');
  await until('it failed once', 5000, () => tries === 1);
  await dispatcher.offer(itemOf(deliveryOf('c'), { seq: 9 }));
  const made = await until('the summary', 10_000, () => turns.find(({ item }) => item.delivery.folds));
  expect(
    made.item.delivery.folds
      ?.map(({ id }) => id)
      .slice(0, 2)
      .sort(),
  ).toEqual(['a', 'b']);
  expect(turns.filter(({ item }) => item.delivery.id === 'c')).toEqual([]);
  expect(faults).toEqual([new Error('away')]);
});

it('a row that is too much to hold comes from the backlog, also when its channel has become idle meanwhile', async () => {
  const dispatcher = open();
  for (let n = 0; n < 200; n++) await dispatcher.offer(itemOf(deliveryOf(`d${n}`)));
  // slow: no room for more
  await new Promise((later) => setTimeout(later, 2100));
  const put = waiting.put.bind(waiting);
  Object.assign(waiting, {
    put: async (given: WaitingRow) => {
      for (let n = 0; n < 200; n++) (await turnOf(`d${n}`)).end('done');
      await settled();
      return put(given);
    },
  });
  await dispatcher.offerRow(row('late'));
  expect((await turnOf('late')).item.delivery.attempt).toBe(2);
});

it('a row whose lane was lost before its turn is in hand no more, and is worked off when the lane is back', async () => {
  let lost = false;
  const dispatcher = open({ itemOf: (given) => ({ ...rowItem(given), lost: () => lost }) });
  // both of one printer: the second waits behind the first
  await dispatcher.offerRow(row('d1'));
  await dispatcher.offerRow(row('d2'));
  const { end } = await turnOf('d1');
  lost = true;
  end('done');
  await until('nothing is in hand', 5000, () => dispatcher.rowsHeld.length === 0);
  lost = false;
  await dispatcher.offerRow(row('d2'));
  await turnOf('d2');
  expect(turns.map(({ item }) => item.delivery.id)).toEqual(['d1', 'd2']);
});
