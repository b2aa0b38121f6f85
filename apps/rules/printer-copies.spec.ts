import type { KV } from '@nats-io/kv';
import { ask, Bus } from '#bus';
import { printerKey } from '#intake';
import { type Database, makeLog, newKey, readConfig, start } from '#runtime';
import { testDatabase, testNats, until } from '#testing';
import { openDatabase, RulesModule } from './index.js';
import { PrinterCopies } from './printer-copies.js';
import { Printers } from './printers.js';

let stored: Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
const settings = (natsUrl?: string) =>
  readConfig({ DATABASE_URL: stored.url, FARMBELL_SECRET_KEYS: newKey(), ...(natsUrl && { NATS_URL: natsUrl }) });
beforeAll(async () => {
  stored = await testDatabase();
  database = await openDatabase(settings());
});
afterAll(async () => {
  await database?.destroy();
  await stored?.drop();
});
beforeEach(() => database.query('truncate printer, organization, channel'));

/** A broker, and a service that is started and stopped over it. */
async function broker() {
  const nats = await testNats();
  const bus = await Bus.connect({ url: nats.url, name: 'gateway' });
  const kv = await bus.bucket('PRINTERS');
  const log = makeLog({ name: 'rules', level: 'silent' });
  const rules = () =>
    start({ name: 'rules', modules: [RulesModule], config: settings(nats.url), log, host: '127.0.0.1', port: 0 });
  const stop = async () => {
    await bus.close();
    await nats.stop();
  };
  return { bus, kv, rules, stop };
}

/** Every copy, by the printer's id. */
async function copies(kv: KV): Promise<Record<string, object>> {
  const found: Record<string, object> = {};
  for await (const key of await kv.keys()) {
    const entry = await kv.get(key);
    const [account, id] = key.split('.') as [string, string];
    if (entry?.operation === 'PUT') found[`${account}/${Buffer.from(id, 'base64url')}`] = entry.json<object>();
  }
  return found;
}
const insert = (id: string, more = '') =>
  database.query(`insert into printer (account, id, name) values ('default', $1, 'n'${more})`, [id]);
const rows = () => database.rows<{ id: string }>('select id from printer order by id').then((all) => all.map(({ id }) => id));

it('makes the copies that a crash left out: at the start, and while it runs', async () => {
  const { kv, rules, stop } = await broker();
  await kv.put(printerKey('default', 'gone'), JSON.stringify({ id: 'gone' }));
  await insert('new');
  await insert('gone');
  await database.query("update printer set deleted = true where id = 'gone'");
  const service = await rules();
  expect([await copies(kv), await rows()]).toEqual([{ 'default/new': { id: 'new', name: 'n' } }, ['new']]);

  // a replica that ends between its commit and its copy
  await insert('late');
  await database.query("update printer set deleted = true, version = 2 where id = 'new'");
  await until(
    'they are made and removed',
    15_000,
    async () => (await rows()).join() === 'late' && (await copies(kv))['default/late'],
  );
  expect(await copies(kv)).toEqual({ 'default/late': { id: 'late', name: 'n' } });
  await service.close();
  await stop();
}, 60_000);

it('makes all of them again for a new broker, also when a crash broke that off', async () => {
  const before = await broker();
  const first = await before.rules();
  for (const id of ['a', 'b', 'c'])
    await ask(before.bus, 'rules.printer.create', { account: 'default', request: id, printer: { id, tags: ['t'] } });
  await first.close();
  await before.stop();

  const after = await broker();
  const broken = new Error('the process ends here');
  let puts = 0;
  const failing = new Proxy(after.kv, {
    get: (kv, name) =>
      name === 'put'
        ? async (...given: Parameters<KV['put']>) => (puts++ === 1 ? Promise.reject(broken) : kv.put(...given))
        : (Reflect.get(kv, name).bind?.(kv) ?? Reflect.get(kv, name)),
  });
  await expect(new PrinterCopies(database, failing).reconcile()).rejects.toBe(broken);
  const second = await after.rules();
  const copy = (id: string) => ({ id, tags: ['t'] });
  expect(await copies(after.kv)).toEqual({ 'default/a': copy('a'), 'default/b': copy('b'), 'default/c': copy('c') });
  await second.close();
  await after.stop();
}, 60_000);

/** A bucket whose next write waits until it is told to go on; `reached` when it waits. */
function held(kv: KV) {
  let reach = () => {};
  let go = () => {};
  const reached = new Promise<void>((done) => {
    reach = done;
  });
  const free = new Promise<void>((done) => {
    go = done;
  });
  const waiting =
    <A extends unknown[], R>(write: (...given: A) => Promise<R>) =>
    async (...given: A) => {
      reach();
      await free;
      return write(...given);
    };
  const bucket = Object.assign(Object.create(kv) as KV, {
    put: waiting(kv.put.bind(kv)),
    delete: waiting(kv.delete.bind(kv)),
  });
  return { bucket, reached, go };
}

const create = (printers: Printers, name: string) => printers.create('default', name, { id: 'p', name });
const rename = (printers: Printers, name: string) => printers.patch('default', 'p', { name });
const forget = (printers: Printers) => printers.delete('default', 'p');
it.each<
  [
    string,
    (first: Printers) => Promise<unknown>,
    (a: Printers) => Promise<unknown>,
    (b: Printers) => Promise<unknown>,
    string | null,
  ]
>([
  ['renamed by two', (p) => create(p, 'old'), (a) => rename(a, 'slow'), (b) => rename(b, 'fast'), 'fast'],
  ['renamed, and deleted', (p) => create(p, 'old'), (a) => rename(a, 'slow'), forget, null],
  ['made, and deleted', async () => {}, (a) => create(a, 'slow'), forget, null],
  ['made again, and deleted', (p) => create(p, 'old').then(() => forget(p)), (a) => create(a, 'slow'), forget, null],
  ['deleted, and made again', (p) => create(p, 'old'), forget, (b) => create(b, 'fast'), 'fast'],
])('copies what came last, though a slow replica writes after it: %s', async (_, before, slow, fast, expected) => {
  const { kv, stop } = await broker();
  const { bucket, reached, go } = held(kv);
  const [a, b] = [bucket, kv].map((one) => new Printers(database, new PrinterCopies(database, one)));
  await before(b!);
  const slowly = slow(a!).catch((error) => expect(error).toMatchObject({ status: 404 }));
  await reached;
  await fast(b!);
  go();
  await slowly;
  expect([await copies(kv), await rows()]).toEqual(
    expected === null ? [{}, []] : [{ 'default/p': { id: 'p', name: expected } }, ['p']],
  );
  await stop();
});

it('answers the repeat of a request with what it made, and a second request with a refusal', async () => {
  const { kv, stop } = await broker();
  const printers = new Printers(database, new PrinterCopies(database, kv));
  const first = await printers.create('default', 'request-1', { id: 'p', name: 'n' });
  expect(await printers.create('default', 'request-1', { id: 'p', name: 'n' })).toEqual(first);
  await expect(printers.create('default', 'request-2', { id: 'p', name: 'n' })).rejects.toMatchObject({ status: 409 });
  await stop();
});
