import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import pg from 'pg';
import { testDatabase, testNats, until } from '#testing';
import { Harness } from '../harness.js';

/** The surroundings fail: each spec has servers of its own, for it hurts them. */
const custom = { type: 'custom.note', title: 'Note' };
let database: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let farm: Harness;

beforeEach(async () => {
  [database, nats] = await Promise.all([testDatabase(), testNats()]);
});
afterEach(async () => {
  await farm?.stop();
  await nats?.stop();
  await database?.drop();
});

it('without the broker, publishing is a 503 that says what is safe; after it, a repeat with the same id is stored once', async () => {
  farm = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
  await farm.owner('journal.event.known', () => []);
  await nats.kill();
  const away = await farm.post('/v1/events', { body: { ...custom, id: 'e1' } });
  expect([away.status, away.headers.get('retry-after'), away.body.detail]).toEqual([
    503,
    '5',
    expect.stringContaining('a repeat with the same id'),
  ]);
  expect((await farm.get('/readyz')).body.failing).toContain('gateway nats');
  await nats.start();
  const stored = await until('the broker is back', 15_000, async () => {
    const answer = await farm.post('/v1/events', { body: { ...custom, id: 'e1' } });
    return answer.status === 202 ? answer : undefined;
  });
  expect(stored.body.id).toBe('e1');
  // the test has a connection of its own
  await until('the test is connected too', 15_000, () => farm.bus.alive(500));
  expect(await farm.stored()).toBe(1);
}, 60_000);

it('without the database, tokens known lately go on publishing; others are a 503', async () => {
  const way = await wayTo(database.url);
  farm = await Harness.start({ databaseUrl: way.url, natsUrl: nats.url });
  const [known, fresh] = [await farm.token(['publish']), await farm.token(['publish'])];
  const publish = (token: string, headers = {}) => farm.post('/v1/events', { body: custom, token, headers });
  expect((await publish(known.token)).status).toBe(202);
  way.cut();
  const gone = await publish(fresh.token);
  expect([gone.status, gone.headers.get('retry-after')]).toEqual([503, '2']);
  expect((await publish(known.token)).status).toBe(202);
  expect((await publish(known.token, { 'idempotency-key': 'k' })).status).toBe(503);
  expect((await farm.get('/readyz')).body.failing).toContain('gateway database');
  way.close();
});

it('what nobody foresaw is a 500 that tells nothing but where to look', async () => {
  farm = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query('drop table gateway.token');
  await client.end();
  const { status, body } = await farm.get('/v1/tokens');
  expect([status, body]).toEqual([
    500,
    { type: 'about:blank', title: 'Internal error', status: 500, detail: 'The gateway failed; its log says why' },
  ]);
});

it('FARMBELL_PUBLISH_PER_S holds an account back, and nobody else', async () => {
  farm = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url, env: { FARMBELL_PUBLISH_PER_S: '5' } });
  await farm.post('/v1/accounts', { body: { id: 'school' } });
  expect((await farm.post('/v1/events', { body: Array(20).fill(custom) })).status).toBe(202);
  const held = await farm.post('/v1/events', { body: custom });
  expect([held.status, Number(held.headers.get('retry-after')) >= 3]).toEqual([429, true]);
  expect((await farm.post('/v1/events', { body: custom, headers: { 'farmbell-account': 'school' } })).status).toBe(202);
  expect(await farm.stored()).toBe(21);
});

/** A way to the real database that can be cut: then it hangs up on whoever comes. */
async function wayTo(url: string): Promise<{ url: string; cut(): void; close(): void }> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let open = true;
  const server = createServer((near) => {
    if (!open) return near.destroy();
    const far = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {}).on('close', () => other.destroy());
      one.pipe(other);
    }
    return near;
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const near = new URL(url);
  near.port = String((server.address() as AddressInfo).port);
  const cut = () => {
    open = false;
    for (const socket of sockets) socket.destroy();
  };
  return { url: near.href, cut, close: () => server.close() };
}
