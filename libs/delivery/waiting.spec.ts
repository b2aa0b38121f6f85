import type { Database } from '#runtime';
import { testDatabase } from '#testing';
import { deliveryOf, waitingOf } from './samples.js';
import { openWaiting } from './schema.js';
import type { Waiting, WaitingCounts, WaitingRow } from './waiting.js';

interface Plan {
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

let place: Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
let asked: [sql: string, values: unknown[]];
let waiting: Waiting;
beforeAll(async () => {
  place = await testDatabase();
  database = await openWaiting(place.url);
  const listening = Object.assign(Object.create(database) as Database, {
    rows: (sql: string, values: unknown[]) => {
      asked = [sql, values];
      return database.rows(sql, values);
    },
  });
  waiting = await waitingOf(listening, 'webhook');
});
afterAll(async () => {
  await database?.destroy();
  await place?.drop();
});
beforeEach(() => database.query('truncate waiting'));

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);
const retry = (id: string, lane: number, due: Date): WaitingRow => ({
  seq: 1,
  cause: 'retry',
  due,
  body: deliveryOf(id, { lane }),
});
const ids = (rows: WaitingRow[]) => rows.map(({ body }) => body.id);

it('gives what is due: of each lane its earliest, in the order of their times', async () => {
  await waiting.putAll([
    retry('a3', 1, inSeconds(-30)),
    retry('a5', 1, inSeconds(-50)),
    retry('a4', 1, inSeconds(-40)),
    retry('b1', 2, inSeconds(-10)),
    retry('held', 2, inSeconds(-60)),
    retry('later', 2, inSeconds(60)),
    retry('elsewhere', 3, inSeconds(-60)),
  ]);
  expect(ids(await waiting.due([1, 2], 2, ['held']))).toEqual(['a5', 'a4', 'b1']);
});

it('knows when the next that is not due yet will be, of these lanes alone', async () => {
  await waiting.putAll([retry('past', 1, inSeconds(-5)), retry('next', 2, inSeconds(60)), retry('elsewhere', 3, inSeconds(30))]);
  expect((await waiting.nextDue([1, 2]))!.getTime()).toBeGreaterThan(inSeconds(40).getTime());
  expect(await waiting.nextDue([1])).toBeNull();
});

describe('among 20,000 rows that PostgreSQL has not counted yet', () => {
  beforeEach(() =>
    database.query(
      `insert into waiting (delivery, attempt, type, lane, channel, epoch, seq, due, cause, body)
       select 'd' || i, 1, 'webhook', 1, 'c1', 1, i, case when i % 2 = 0 then now() + (i - 10000) * interval '1 s' end,
         case when i % 2 = 0 then 'retry' else 'backlog' end, '{}'
       from generate_series(1, 20000) as i`,
    ),
  );

  /** Rows of the table that the last question's answer took. */
  async function rowsRead(): Promise<number> {
    const [sql, values] = asked;
    const [answer] = await database.rows<{ 'QUERY PLAN': { Plan: Plan }[] }>(`explain (analyze, format json) ${sql}`, values);
    const of = (plan: Plan): number => {
      const its = plan['Relation Name']
        ? (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops']
        : 0;
      return its + (plan.Plans ?? []).reduce((sum, one) => sum + of(one), 0);
    };
    return of(answer!['QUERY PLAN'][0]!.Plan);
  }

  it.each([
    ['the beginning of a backlog', () => waiting.backlog('c1', [1, 2], 8, ['d1']), 8, 20],
    ['what is due', () => waiting.due([1, 2], 50, ['d2']), 50, 60],
    ['the next time', async () => [await waiting.nextDue([1, 2])], 1, 2],
  ])('reads few rows for %s', async (_, ask, answers, atMost) => {
    expect(await ask()).toHaveLength(answers);
    expect(await rowsRead()).toBeLessThanOrEqual(atMost);
  });

  it('counts them part by part, each once', async () => {
    await database.query("update waiting set body = repeat('x', 1000)");
    const parts: WaitingCounts[] = [];
    for await (const part of waiting.count(
      () => [1, 2],
      () => ['d1', 'd2'],
    )) {
      parts.push(part);
      expect(await rowsRead()).toBeLessThan(2000);
    }
    const sum = (of: keyof WaitingCounts) => parts.reduce((all, part) => all + part[of], 0);
    expect(parts.length).toBeGreaterThan(4);
    expect([sum('backlog'), sum('retry'), sum('limit'), sum('due')]).toEqual([9999, 9999, 0, expect.any(Number)]);
    expect(Math.abs(sum('due') - 5000)).toBeLessThan(100);
  });
});
