import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { makeLog, newKey, readConfig, start } from '#runtime';
import { type Receiver, receiver, testDatabase, testNats, until } from '#testing';
import { modules } from './modules.js';

/** The statements that docs/operations.md has run after a restore. */
const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
const afterRestore = /^```sql\n([\s\S]*?)^```/m.exec(page)![1]!;

const admin = 'test-admin-token-0123456789';
const reaches = { FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true', FARMBELL_EGRESS_ALLOW: '127.0.0.0/8' };
const removed: string[] = [];
afterEach(() => {
  for (const path of removed) rmSync(path, { recursive: true, force: true });
});
const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'farmbell-restore-'));
  removed.push(path);
  return path;
};

const caller = (url: string, token: string) => async (method: string, path: string, body?: unknown) => {
  const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) };
  const answer = await fetch(url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  return { status: answer.status, body: (text ? JSON.parse(text) : undefined) as any };
};
type Call = ReturnType<typeof caller>;

/** A receiver that refuses the events whose ids it is told; what arrived is `path event-id`. */
async function sinkOf() {
  const refuses = new Set<string>();
  const sink = await receiver(({ json }) => (refuses.has(json?.id) ? { status: 503 } : {}));
  const arrived = (event: string) =>
    sink.requests.filter(({ json }) => json?.id === event && !refuses.has(event)).map(({ url }) => url);
  return { sink, refuses, arrived };
}
const channel = async (call: Call, sink: Receiver, path: string) =>
  (await call('POST', '/v1/channels', { name: path, type: 'webhook', settings: { url: sink.origin + path } })).body.id as string;
const moveTo = async (call: Call, id: string, url: string) =>
  expect((await call('PATCH', `/v1/channels/${id}`, { settings: { url } })).status).toBe(200);
const publish = async (call: Call, id: string, more: object = {}) => {
  const { status, body } = await call('POST', '/v1/events', { id, type: 'job.failed', ...more });
  expect(status).toBe(202);
  return body.duplicate as boolean;
};
const decisions = async (call: Call, event: string): Promise<string[]> =>
  (await call('GET', `/v1/events/${event}/why`)).body.channels?.map((one: { decision: string }) => one.decision).sort() ?? [];
const becomes = (call: Call, event: string, ...wanted: string[]) =>
  until(`${event} is ${wanted}`, 20_000, async () => {
    const now = await decisions(call, event);
    return now.join() === wanted.join() || Promise.reject(new Error(now.join()));
  });

async function apart() {
  const [nats, database, told] = await Promise.all([testNats(), testDatabase(), sinkOf()]);
  const env = { ...reaches, NATS_URL: nats.url, FARMBELL_SECRET_KEYS: newKey(), FARMBELL_ADMIN_TOKEN: admin };
  const log = makeLog({ name: 'test', level: 'silent' });
  let app: Awaited<ReturnType<typeof start>>;
  const statement = async (sql: string, url = database.url) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return client
      .query(sql)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  };
  return {
    ...told,
    nats,
    statement,
    async start(databaseUrl = database.url): Promise<Call> {
      const config = readConfig({ ...env, DATABASE_URL: databaseUrl });
      const { urlOf: natsUrlOf } = nats;
      app = await start({ name: 'test', modules, config, log, host: '127.0.0.1', port: 0, natsUrlOf, drainMs: 1000 });
      return caller(await app.getUrl(), admin);
    },
    stop: () => app.close(),
    /** The database as it is now, under another name; nobody may be connected. */
    async copyOfDatabase(): Promise<string> {
      const [url, maintenance] = [new URL(database.url), new URL(database.url)];
      maintenance.pathname = '/postgres';
      const name = url.pathname.slice(1);
      await statement(`create database ${name}_old template ${name}`, maintenance.href);
      url.pathname = `/${name}_old`;
      return url.href;
    },
    /** Works on NATS's store while the server is stopped. */
    async withStore(work: (dir: string) => void) {
      await nats.kill('SIGTERM');
      work(join(nats.storeDir, 'jetstream'));
      await nats.start();
    },
    async end(dropped?: string) {
      await app.close();
      await nats.stop();
      if (dropped) {
        const [url, maintenance] = [new URL(dropped), new URL(dropped)];
        maintenance.pathname = '/postgres';
        await statement(`drop database ${url.pathname.slice(1)} with (force)`, maintenance.href);
      }
      await database.drop();
      await told.sink.close();
    },
  };
}

it('an older database under the NATS that went on: settings go back, and nothing accepted is lost or repeated', async () => {
  const farm = await apart();
  const { sink, refuses, arrived } = farm;
  refuses.add('waits');
  let call = await farm.start();
  const kept = await channel(call, sink, '/kept');
  const deleted = await channel(call, sink, '/deleted');
  await call('POST', '/v1/printers', { id: 'p1', name: 'Old' });
  await publish(call, 'before');
  await publish(call, 'waits');
  await becomes(call, 'before', 'delivered', 'delivered');
  await until('both attempts', 10_000, () => sink.requests.filter(({ json }) => json.id === 'waits').length >= 2);
  await farm.stop();
  const old = await farm.copyOfDatabase();

  refuses.clear();
  refuses.add('stuck');
  call = await farm.start();
  await becomes(call, 'waits', 'delivered', 'delivered');
  expect((await call('DELETE', `/v1/channels/${deleted}`)).status).toBe(204);
  for (const turn of ['disable', 'enable']) await call('POST', `/v1/channels/${kept}/${turn}`);
  await moveTo(call, kept, `${sink.origin}/changed`);
  await channel(call, sink, '/made');
  await call('PATCH', '/v1/printers/p1', { name: 'New' });
  await publish(call, 'after');
  await publish(call, 'stuck');
  await becomes(call, 'after', 'delivered', 'delivered');
  await until('both attempts', 10_000, () => sink.requests.filter(({ json }) => json.id === 'stuck').length >= 2);
  await farm.stop();

  const before = sink.requests.length;
  refuses.clear();
  await farm.statement(afterRestore, old);
  call = await farm.start(old);
  // ATTEMPTS tells of the last minutes that it was delivered since
  await until('nothing waits', 20_000, async () => (await farm.statement('select from delivery.waiting', old)).length === 0);
  await until('journal has caught up', 20_000, async () => (await call('GET', '/v1/events/after')).status === 200);
  expect(await publish(call, 'after')).toBe(true);
  await publish(call, 'new', { printer: { id: 'p1' } });
  await becomes(call, 'new', 'delivered', 'delivered');
  expect(arrived('new').sort()).toEqual(['/deleted', '/kept']);
  expect((await call('GET', '/v1/events/new')).body.printer.name).toBe('Old');
  await moveTo(call, kept, `${sink.origin}/moved`);
  await publish(call, 'last');
  await becomes(call, 'last', 'delivered', 'delivered');
  expect(arrived('last').sort()).toEqual(['/deleted', '/moved']);
  expect(arrived('after').sort()).toEqual(['/changed', '/made']);
  // what began to wait after the copy is not known any more
  expect(arrived('stuck')).toHaveLength(2);
  const ids = ['before', 'waits', 'after', 'stuck'];
  expect(sink.requests.slice(before).filter(({ json }) => ids.includes(json.id))).toEqual([]);
  await farm.end(old);
}, 120_000);

it('an older NATS, and then an empty one, under the database that went on: what is new arrives once and is readable', async () => {
  const farm = await apart();
  const { sink, refuses, arrived } = farm;
  const store = folder();
  let call = await farm.start();
  const kept = await channel(call, sink, '/kept');
  await call('POST', '/v1/printers', { id: 'p1', name: 'Old' });
  await publish(call, 'before');
  await becomes(call, 'before', 'delivered');
  await farm.stop();
  await farm.withStore((dir) => cpSync(dir, store, { recursive: true }));

  call = await farm.start();
  await moveTo(call, kept, `${sink.origin}/changed`);
  await call('PATCH', '/v1/printers/p1', { name: 'New' });
  for (let n = 0; n < 20; n++) await publish(call, `after-${n}`);
  await becomes(call, 'after-19', 'delivered');
  await farm.stop();
  await farm.withStore((dir) => {
    rmSync(dir, { recursive: true });
    cpSync(store, dir, { recursive: true });
  });
  await farm.statement(afterRestore);
  call = await farm.start();
  expect(await publish(call, 'after-7')).toBe(true);
  for (let n = 0; n < 5; n++) await publish(call, `new-${n}`, { printer: { id: 'p1' } });
  await becomes(call, 'new-4', 'delivered');
  // behind the place that journal had reached, and with places noted anew
  await farm.stop();
  call = await farm.start();
  await publish(call, 'restarted');
  await becomes(call, 'restarted', 'delivered');
  for (let n = 0; n < 5; n++)
    expect([await decisions(call, `new-${n}`), arrived(`new-${n}`)]).toEqual([['delivered'], ['/changed']]);
  expect((await call('GET', '/v1/events/new-0')).body.printer.name).toBe('New');
  for (let n = 0; n < 20; n++) expect(arrived(`after-${n}`)).toEqual(['/changed']);

  refuses.add('waits');
  await publish(call, 'waits');
  await until('its attempt', 10_000, () => sink.requests.some(({ json }) => json.id === 'waits'));
  await becomes(call, 'waits', 'waiting');
  await farm.stop();
  refuses.clear();
  await farm.withStore((dir) => rmSync(dir, { recursive: true }));
  call = await farm.start();
  await becomes(call, 'waits', 'delivered');
  expect(await publish(call, 'new-0')).toBe(true);
  await publish(call, 'newest', { printer: { id: 'p1' } });
  await becomes(call, 'newest', 'delivered');
  expect([arrived('newest'), arrived('new-0')]).toEqual([['/changed'], ['/changed']]);
  expect((await call('GET', '/v1/events/newest')).body.printer.name).toBe('New');
  await farm.end();
}, 120_000);
