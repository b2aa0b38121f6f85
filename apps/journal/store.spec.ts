import fc from 'fast-check';
import type { Report } from '#contracts';
import { Database } from '#runtime';
import { testDatabase } from '#testing';
import { migrations } from './migration.js';
import { Reading } from './reading.js';
import { at, event, incoming, reached, report, routed } from './samples.js';
import { Store } from './store.js';

let place: Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
let store: Store;
let reading: Reading;
beforeAll(async () => {
  place = await testDatabase();
  database = await Database.open({ url: place.url, schema: 'journal', migrations });
  store = new Store(database);
  reading = new Reading(database);
});
afterAll(async () => {
  await database?.destroy();
  await place?.drop();
});
beforeEach(() => database.query('truncate event, delivery, attempt, rejected'));

type Message = { routed: number } | { report: Report };
async function tables() {
  return Promise.all([
    database.rows('select * from delivery order by id'),
    database.rows('select * from attempt order by delivery, n'),
  ]);
}
async function play(batches: Message[][]) {
  await database.query('truncate delivery, attempt');
  for (const batch of batches) {
    await store.routed(
      batch.flatMap((one) => ('routed' in one ? [routed(one.routed)] : [])),
      reached,
    );
    await store.reports(
      batch.flatMap((one) => ('report' in one ? [{ body: one.report }] : [])),
      reached,
    );
  }
  return tables();
}

const someReport = fc
  .record({
    d: fc.integer({ min: 1, max: 2 }),
    s: fc.integer({ min: 1, max: 4 }),
    n: fc.integer({ min: 1, max: 2 }),
    outcome: fc.option(fc.constantFrom('delivered', 'failed', 'expired', 'cancelled'), { nil: null }),
    reason: fc.option(fc.constantFrom('server', 'timeout'), { nil: null }),
    next: fc.option(fc.integer({ min: 5, max: 7 }), { nil: null }),
    answer: fc.constantFrom('', 'no', '\ud83dno\0'),
    replay: fc.constantFrom(undefined, 'r1', 'r2'),
    test: fc.constantFrom(undefined, true),
  })
  .map(
    ({ d, s, n, outcome, reason, next, answer, replay, test }): Message => ({
      report: report({
        delivery: `d${d}`,
        at: at(s),
        attempt: { n, at: at(s), latency_ms: 3, status: null, reason: reason as Report['reason'], answer },
        outcome: outcome as Report['outcome'],
        reason: reason as Report['reason'],
        next_attempt_at: next === null ? null : at(next),
        replay_of: replay,
        test: test as true | undefined,
      }),
    }),
  );
const someMessage = fc.oneof(
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 }).map((d): Message => ({ routed: d })) },
  { weight: 4, arbitrary: someReport },
);

describe('the tables', () => {
  it('hold the same whatever the order, the batches and the repetitions', async () => {
    const plays = fc
      .array(someMessage, { minLength: 1, maxLength: 8 })
      .chain((list) =>
        fc.tuple(
          fc.constant(list),
          fc.shuffledSubarray([...list, ...list, ...list], { minLength: 0 }),
          fc.shuffledSubarray(list, { minLength: list.length }),
          fc.integer({ min: 1, max: 4 }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(plays, async ([list, some, all, size]) => {
        const messages = [...some, ...all];
        const batches = Array.from({ length: Math.ceil(messages.length / size) }, (_, i) =>
          messages.slice(i * size, (i + 1) * size),
        );
        expect(await play(batches)).toEqual(await play([list]));
      }),
      { numRuns: 60 },
    );
  });

  it('hold the first body of an event, in one batch and over batches', async () => {
    const [first, second] = [incoming(event('e1', { title: 'first' }), 5), incoming(event('e1', { title: 'second' }), 9)];
    await store.events([second, first], reached);
    await store.events([second], reached);
    expect((await reading.event({ account: 'default', id: 'e1' })).title).toBe('first');
    await database.query('truncate event');
    await store.events([second], reached);
    await store.events([first], reached);
    expect((await reading.event({ account: 'default', id: 'e1' })).title).toBe('first');
  });

  it('take texts and times that PostgreSQL would refuse', async () => {
    const odd = event('odd', { title: 'a\0b \ud83d', time: '0000-01-01T00:00:00Z', printer: { id: 'p\0' } });
    await store.events([incoming(odd, 1)], reached);
    expect(await reading.event({ account: 'default', id: 'odd' })).toMatchObject({ title: 'ab \ufffd', printer: { id: 'p' } });
  });

  it('take two writers of the same rows at once', async () => {
    const ids = Array.from({ length: 300 }, (_, i) => i);
    const reports = ids.map((i) => ({ body: report({ delivery: `d${i}`, outcome: 'delivered', at: at(i) }) }));
    for (let round = 0; round < 5; round++) {
      await Promise.all([
        store.routed(ids.map(routed), reached),
        store.reports(reports, reached),
        store.reports([...reports].reverse(), reached),
      ]);
    }
    const rows = await database.rows<{ n: number }>(`select count(*)::int as n from delivery where outcome = 'delivered'`);
    expect(rows[0]!.n).toBe(300);
  });
});
