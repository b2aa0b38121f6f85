import { Database } from '#runtime';
import { testDatabase } from '#testing';
import { deleteAccount } from './accounts.js';
import { migrations } from './migration.js';
import { Reading } from './reading.js';
import { forget } from './retention.js';
import { event, incoming, reached, report } from './samples.js';
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
beforeEach(() => database.query('truncate event, delivery, attempt, rejected, deleted_account'));

const account = 'school';
const minute = 60_000;
/** An event, its delivery and a rejection of that account, received so many minutes from now. */
async function receive(id: string, minutes: number, title = 'Print Failed', of = account) {
  const time = new Date(Date.now() + minutes * minute);
  const at = time.toISOString();
  await store.events([{ ...incoming(event(id, { account: of, title }), 1), time }], reached);
  const attempt = { n: 1, at, latency_ms: 1, status: 204, reason: null, answer: '' };
  const delivered = { outcome: 'delivered', event_id: id, account: of, created_at: at, at, attempt } as const;
  await store.reports([{ body: report({ ...delivered, delivery: `${of}-${id}` }) }], reached);
  const body = { id: `${of}-${id}`, at, service: 'x', subject: 'x', account: of, errors: [], body: '' };
  await store.rejected([{ body }], reached);
}
/** All that is shown to an account. */
const shown = async (of = account) => ({
  events: (await reading.events({ account: of, limit: 50 })).data.map(({ id }) => id),
  deliveries: (await reading.deliveries({ account: of, limit: 50 })).data.map(({ event_id }) => event_id),
  rejected: (await reading.rejected({ account: of, limit: 50 })).data.map(({ id }) => id),
  known: (await reading.known({ account: of, ids: ['old', 'new', 'late'] })).sort(),
});
const kept = (table: string) => database.rows<{ n: number }>(`select count(*)::int as n from ${table}`).then(([row]) => row!.n);
const nothing = { events: [], deliveries: [], rejected: [], known: [] };

it('shows nothing of an account that was deleted, what comes late neither, and all of one that is made under its id', async () => {
  await receive('old', -10);
  await receive('old', -10, 'Print Failed', 'other');
  await deleteAccount(database, { account });
  expect(await shown()).toEqual(nothing);
  await expect(reading.event({ account, id: 'old' })).rejects.toMatchObject({ status: 404 });
  await expect(reading.delivery({ account, id: 'school-old' })).rejects.toMatchObject({ status: 404 });
  // from a stream that was read late
  await receive('late', -5);
  expect(await shown()).toEqual(nothing);
  await receive('new', 5);
  expect(await shown()).toEqual({ events: ['new'], deliveries: ['new'], rejected: ['school-new'], known: ['new'] });
  expect(await shown('other')).toEqual({ events: ['old'], deliveries: ['old'], rejected: ['other-old'], known: ['old'] });
});

it('takes an event under an id that the deleted account had', async () => {
  await receive('old', -10, 'of the deleted one');
  await deleteAccount(database, { account });
  await receive('old', 5, 'of the new one');
  expect((await reading.event({ account, id: 'old' })).title).toBe('of the new one');
  // and then the first body wins, as ever
  await receive('old', 6, 'a repeat');
  expect((await reading.event({ account, id: 'old' })).title).toBe('of the new one');
});

it('deletes what the account had, and nothing else', async () => {
  await receive('old', -10);
  await receive('old', -10, 'Print Failed', 'other');
  await deleteAccount(database, { account });
  await receive('new', 5);
  const before = await Promise.all([shown(), shown('other')]);
  const longAgo = new Date(Date.now() - 30 * 86_400_000);
  await forget(database, longAgo);
  expect(await Promise.all(['event', 'delivery', 'attempt', 'rejected'].map(kept))).toEqual([2, 2, 2, 2]);
  expect(await Promise.all([shown(), shown('other')])).toEqual(before);
  // what comes late stays hidden for as long as anything of that time could come
  await receive('late', -5);
  expect(await shown()).toEqual(before[0]);
  await forget(database, new Date(Date.now() + minute));
  expect(await kept('deleted_account')).toBe(0);
});

it('moves on when an account of that id is deleted again', async () => {
  await deleteAccount(database, { account });
  await receive('old', 0);
  await database.query(`update deleted_account set at = at - interval '1 hour'`);
  expect((await shown()).events).toEqual(['old']);
  await deleteAccount(database, { account });
  expect(await shown()).toEqual(nothing);
});
