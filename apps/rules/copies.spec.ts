import type { KV } from '@nats-io/kv';
import { Bus } from '#bus';
import type { ChannelCopy } from '#contracts';
import { type Database, newKey, readConfig } from '#runtime';
import { testDatabase, testNats } from '#testing';
import { Copies } from './copies.js';
import { openDatabase } from './index.js';

let stored: Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
beforeAll(async () => {
  stored = await testDatabase();
  database = await openDatabase(readConfig({ DATABASE_URL: stored.url, FARMBELL_SECRET_KEYS: newKey() }));
});
afterAll(async () => {
  await database?.destroy();
  await stored?.drop();
});
beforeEach(() => database.query('truncate channel cascade'));

/** A broker with an empty bucket. */
async function broker() {
  const nats = await testNats();
  const bus = await Bus.connect({ url: nats.url, name: 'rules' });
  const kv = await bus.bucket('CHANNELS');
  const stop = async () => {
    await bus.close();
    await nats.stop();
  };
  return { kv, stop };
}
const insert = (id: string, version = 1) =>
  database.query(
    `insert into channel (id, account, name, type, enabled, version, epoch, lane, events, printers, tags, retry, expires_after_s,
       progress, auto_disable, sealed, shown)
     values ($1, 'default', $1, 'webhook', true, $2, 1, 0, '[]', '[]', '[]', '{}', 60, 'post', '{}', '', '{}')`,
    [id, version],
  );
async function copies(kv: KV): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for await (const key of await kv.keys()) {
    const entry = await kv.get(key);
    if (entry?.operation === 'PUT') found[key] = entry.json<ChannelCopy>().version;
  }
  return found;
}
/** The bucket, but for one method. */
const withMethod = <N extends 'put' | 'get'>(kv: KV, name: N, method: KV[N]): KV =>
  Object.assign(Object.create(kv) as KV, { [name]: method });

it('makes all of them again for a new broker, also when a crash broke that off', async () => {
  const before = await broker();
  for (const id of ['a', 'b', 'c']) await insert(id);
  await new Copies(database, before.kv).reconcile();
  expect(await copies(before.kv)).toEqual({ a: 1, b: 1, c: 1 });
  await before.stop();

  const { kv, stop } = await broker();
  const broken = new Error('the process ends here');
  let puts = 0;
  const breaking = withMethod(kv, 'put', async (...given) => (puts++ === 1 ? Promise.reject(broken) : kv.put(...given)));
  await expect(new Copies(database, breaking).reconcile()).rejects.toBe(broken);
  await new Copies(database, kv).reconcile();
  expect(await copies(kv)).toEqual({ a: 1, b: 1, c: 1 });
  await stop();
});

it('makes what a crash between commit and copy left out, and removes what was deleted', async () => {
  const { kv, stop } = await broker();
  for (const id of ['a', 'b']) await insert(id);
  const made = new Copies(database, kv);
  await made.reconcile();
  await database.query(`update channel set version = 2 where id = 'a'`);
  await database.query(`update channel set deleted = true where id = 'b'`);
  await insert('c');
  await made.catchUp();
  expect(await copies(kv)).toEqual({ a: 2, c: 1 });
  expect(await database.rows('select id from channel order by id')).toEqual([{ id: 'a' }, { id: 'c' }]);
  await stop();
});

it('leaves no copy of a deleted channel, though a slow replica writes after the deletion', async () => {
  const { kv, stop } = await broker();
  await insert('a');
  const fast = new Copies(database, kv);
  let deleted = false;
  const slow = withMethod(kv, 'put', async (...given) => {
    // it has read the row; another replica deletes the channel before it writes
    if (!deleted) {
      deleted = true;
      await database.query(`update channel set deleted = true where id = 'a'`);
      await fast.put('a');
    }
    return kv.put(...given);
  });
  await new Copies(database, slow).put('a');
  expect([deleted, await copies(kv), await database.rows('select id from channel')]).toEqual([true, {}, []]);
  await stop();
});
