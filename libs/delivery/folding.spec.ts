import type { Delivery } from '#contracts';
import type { Database } from '#runtime';
import { testDatabase, until } from '#testing';
import { Dispatcher, type DispatcherParts } from './dispatcher.js';
import { deliveryOf, eventOf, itemOf, waitingOf } from './samples.js';
import { openWaiting } from './schema.js';
import { type Limit, Scopes } from './scopes.js';
import { summarize } from './summary.js';
import type { Waiting, WaitingRow } from './waiting.js';
import type { Item, Turn } from './worker.js';

let place: Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
let waiting: Waiting;
beforeAll(async () => {
  place = await testDatabase();
  database = await openWaiting(place.url);
});
afterAll(async () => {
  await database?.destroy();
  await place?.drop();
});

let stop: AbortController;
let scopes: Scopes;
let sent: Delivery[];
let acked: string[];
let faults: unknown[];
/** What each channel must not exceed. */
let limit: Limit;
beforeEach(async () => {
  await database.query('truncate waiting');
  waiting = await waitingOf(database, 'telegram');
  [stop, scopes, sent, acked, faults] = [new AbortController(), new Scopes(), [], [], []];
  limit = { key: 'c', rates: [[1, 30]] };
});
afterEach(() => {
  stop.abort();
  scopes.wake();
});

/** As the worker does, but for the message. */
async function work(item: Item, turn: Turn): Promise<'done' | 'yields'> {
  while (!stop.signal.aborted) {
    if (turn.yields()) return 'yields';
    const { channel } = item.delivery;
    const leave = await scopes.enter({ limits: [{ ...limit, key: `${limit.key}${channel}` }], group: channel });
    if (!leave) continue;
    if (turn.isLate(item.delivery)) {
      leave(false);
      turn.fold();
      return 'yields';
    }
    sent.push(item.delivery);
    leave(true);
    await item.settle();
    return 'done';
  }
  return 'done';
}
const rowItem = (row: Pick<WaitingRow, 'seq' | 'body'>) =>
  itemOf(row.body, { seq: row.seq, settle: () => waiting.remove({ id: row.body.id, attempt: row.body.attempt }) });
const fold = (channel: string) => waiting.fold(channel, [3], 10_000, summarize);
const open = (more: Partial<DispatcherParts> = {}) =>
  new Dispatcher({
    waiting,
    lanes: () => [3],
    work,
    fold,
    foldAfterMs: 150,
    itemOf: rowItem,
    wake: (channel) => scopes.wake(channel),
    onError: (error) => faults.push(error),
    signal: stop.signal,
    ...more,
  });

let seq = 0;
const fresh = (id: string, over: Partial<Delivery> = {}): Item => {
  const ack = () => void acked.push(id);
  const event = eventOf('job.failed', { title: id, printer: { id: `p${seq % 7}` } });
  return itemOf(deliveryOf(id, { event, ...over }), { seq: ++seq, settle: ack, wait: ack });
};
const offer = async (dispatcher: Dispatcher, ids: string[], over: Partial<Delivery> = {}) => {
  for (const id of ids) await dispatcher.offer(fresh(id, over));
};
const ids = (count: number, prefix = 'd') => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
/** All that somebody was told of, by a message of its own or in a summary. */
const told = () => sent.flatMap(({ id, folds }) => folds?.map((one) => one.id) ?? [id]).sort();
const summaries = () => sent.filter(({ folds }) => folds);
const left = async () => (await database.rows<{ n: number }>('select count(*)::int as n from waiting'))[0]!.n;
const done = (count: number) => until(`${count} are told`, 20_000, async () => told().length >= count && (await left()) === 0);

describe('what has waited too long behind a limit', () => {
  it('becomes one summary, each told once, nothing lost, all acked', async () => {
    await offer(open(), ids(60));
    await done(60);
    expect(told()).toEqual(ids(60).sort());
    expect(summaries()).toHaveLength(1);
    expect(sent.at(-1)).toBe(summaries()[0]);
    expect(sent.length).toBeLessThan(60);
    expect([...acked].sort()).toEqual(ids(60).sort());
    expect(faults).toEqual([]);
  });

  it('goes on as it is where nothing is folded, in the order of each printer', async () => {
    limit = { key: 'c', rates: [[1, 5]] };
    await offer(open({ fold: undefined }), ids(40));
    await done(40);
    expect([told(), summaries()]).toEqual([ids(40).sort(), []]);
    for (let printer = 0; printer < 7; printer++) {
      const its = sent.filter(({ event }) => event.printer?.id === `p${printer}`).map(({ id }) => Number(id.slice(1)));
      expect(its).toEqual([...its].sort((a, b) => a - b));
    }
  });

  it('is one alone: it is sent', async () => {
    const dispatcher = open();
    scopes.pause('cc1', 400);
    await offer(dispatcher, ['only']);
    await done(1);
    expect(sent.map(({ id }) => id)).toEqual(['only']);
  });

  it('holds up no other channel, and is no other channel’s', async () => {
    const dispatcher = open();
    scopes.pause('cc1', 400);
    await offer(dispatcher, ids(20));
    await offer(dispatcher, ids(3, 'x'), { channel: 'c2' });
    await until('the other channel is served', 10_000, () => sent.length === 3);
    expect(sent.every(({ channel }) => channel === 'c2')).toBe(true);
    await done(23);
    expect(summaries().map(({ channel, folds }) => [channel, folds?.length])).toEqual([['c1', 20]]);
  });

  it('is folded with what is in the table already, and with what comes meanwhile', async () => {
    const dispatcher = open();
    scopes.pause('cc1', 400);
    // more than is held for a slow channel
    await offer(dispatcher, ids(260));
    await until('the pause is nearly over', 10_000, () => scopes.pausedMs([{ key: 'cc1' }]) < 20);
    await offer(dispatcher, ids(40, 'late'));
    await done(300);
    expect(told()).toEqual([...ids(260), ...ids(40, 'late')].sort());
  });

  it('is told once by a storm that goes on, however often it is folded', async () => {
    const dispatcher = open();
    for (let round = 0; round < 30; round++) {
      await offer(dispatcher, ids(10, `r${round}-`));
      await new Promise((later) => setTimeout(later, 20));
    }
    await done(300);
    expect(new Set(told()).size).toBe(300);
    expect(told()).toHaveLength(300);
    expect(summaries().length).toBeGreaterThan(1);
    // no summary of summaries
    expect(summaries().flatMap(({ folds }) => folds!.filter(({ event_type }) => event_type === 'channel.summary'))).toEqual([]);
  });
});
