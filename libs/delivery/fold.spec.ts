import type { Delivery } from '#contracts';
import type { Database } from '#runtime';
import { testDatabase } from '#testing';
import { deliveryOf, waitingOf } from './samples.js';
import { openWaiting } from './schema.js';
import { foldable, summaryOf } from './summary.js';
import type { Waiting, WaitingRow } from './waiting.js';

describe('a backlog in the waiting table', () => {
  let place: Awaited<ReturnType<typeof testDatabase>>;
  let database: Database;
  let waiting: Waiting;
  beforeAll(async () => {
    place = await testDatabase();
    database = await openWaiting(place.url);
    waiting = await waitingOf(database, 'telegram');
  });
  afterAll(async () => {
    await database?.destroy();
    await place?.drop();
  });
  beforeEach(() => database.query('truncate waiting'));

  const row = (id: string, seq: number, over: Partial<Delivery> = {}, cause: WaitingRow['cause'] = 'backlog'): WaitingRow => ({
    seq,
    cause,
    due: cause === 'backlog' ? null : new Date(Date.now() + 3600_000),
    body: deliveryOf(id, over),
  });
  const left = async () =>
    (await database.rows<{ delivery: string }>('select delivery from waiting order by seq, delivery')).map(
      ({ delivery }) => delivery,
    );
  const all = (rows: Delivery[]) => summaryOf(rows, new Date());
  const lanes = [1, 3];

  it('becomes one row, of all that waits in order, which is due at once and stands where the first stood', async () => {
    await waiting.putAll([row('b', 20), row('a', 10), row('c', 30)]);
    const seen: string[][] = [];
    const folded = await waiting.fold('c1', lanes, 100, (rows) => {
      seen.push(rows.map(({ id }) => id));
      return all(rows);
    });
    expect(seen).toEqual([['a', 'b', 'c']]);
    expect(folded).toMatchObject({ seq: 10, cause: 'retry', body: { folds: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] } });
    expect(await left()).toEqual([folded!.body.id]);
    const [stored] = await waiting.due(lanes, 10, []);
    expect(stored).toEqual({ ...folded, due: expect.any(Date) });
  });

  it('leaves what belongs to another channel, type or lane, waits for its time, or is too much for one', async () => {
    const other = await waitingOf(database, 'discord');
    await waiting.putAll([
      row('a', 1),
      row('b', 2),
      row('c', 3),
      row('elsewhere', 4, { lane: 2 }),
      row('another', 5, { channel: 'c2' }),
      row('later', 6, { attempt: 2 }, 'retry'),
    ]);
    await other.putAll([row('discord', 7, { channel_type: 'discord' })]);
    const folded = await waiting.fold('c1', lanes, 2, all);
    expect(await left()).toEqual([folded!.body.id, 'c', 'elsewhere', 'another', 'later', 'discord']);
  });

  it('stays as it is where nothing is folded', async () => {
    await waiting.putAll([row('a', 1), row('b', 2)]);
    expect(await waiting.fold('c1', lanes, 10, () => undefined)).toBeUndefined();
    expect(await waiting.fold('none', lanes, 10, (rows) => (rows.length > 0 ? all(rows) : undefined))).toBeUndefined();
    expect(await left()).toEqual(['a', 'b']);
  });

  it('keeps those that the summary does not stand for', async () => {
    const summary = all([deliveryOf('x'), deliveryOf('y')]);
    await waiting.putAll([{ seq: 1, cause: 'backlog', due: null, body: summary }, row('a', 2), row('b', 3)]);
    const folded = await waiting.fold('c1', lanes, 10, (rows) => all(rows.filter(foldable)));
    expect(folded?.body.folds?.map(({ id }) => id)).toEqual(['a', 'b']);
    expect((await left()).sort()).toEqual([summary.id, folded!.body.id].sort());
  });

  it('is folded whole or not at all', async () => {
    await waiting.putAll([row('a', 1), row('b', 2), row('other', 9, { channel: 'c2' })]);
    const taken = (rows: Delivery[]) => ({ ...all(rows), id: 'other' });
    await expect(waiting.fold('c1', lanes, 10, taken)).rejects.toThrow();
    const failing = () => {
      throw new Error('no summary');
    };
    await expect(waiting.fold('c1', lanes, 10, failing)).rejects.toThrow('no summary');
    expect(await left()).toEqual(['a', 'b', 'other']);
  });

  it('once folded is known to be done with, so that a lost ack sends nothing of it beside the summary', async () => {
    await waiting.putAll([
      row('a', 1),
      row('b', 2),
      row('tried', 3, { attempt: 3 }, 'retry'),
      row('fresh', 4, { channel: 'c2' }),
    ]);
    await waiting.fold('c1', lanes, 10, all);
    const tried = await waiting.tried(lanes);
    expect(tried.map(({ id, attempt }) => `${id}:${attempt - 1}`).sort()).toEqual(['a:1', 'b:1', 'tried:2']);
    expect(await waiting.tried([2])).toEqual([]);
  });
});
