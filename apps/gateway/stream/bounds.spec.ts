import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { testDatabase, testNats, until } from '#testing';
import { adminToken, Harness } from '../harness.js';
import { putEvent } from './samples.js';

let database: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let farm: Harness;
let stopped: boolean;
const sockets: Socket[] = [];

beforeEach(async () => {
  stopped = false;
  [database, nats] = await Promise.all([testDatabase(), testNats()]);
  farm = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  if (!stopped) await farm?.stop();
  await nats?.stop();
  await database?.drop();
});

/** Asks for the stream, and reads nothing of it until told. */
async function silent(lastEventId = ''): Promise<Socket> {
  const { hostname, port } = new URL(farm.origin);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  const before = farm.streams.count('default');
  const headers = [`Host: x`, `Authorization: Bearer ${adminToken}`, ...(lastEventId ? [`Last-Event-ID: ${lastEventId}`] : [])];
  socket.write(`GET /v1/stream HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
  await until('its stream is open', 5000, () => farm.streams.count('default') > before);
  return socket;
}
/** More than the system's own buffers of a connection hold. */
const flood = async () => {
  const message = 'x'.repeat(60_000);
  for (let n = 1; n <= 400; n++) await putEvent(farm.bus, `n${n}`, { message });
};
const all = Array.from({ length: 400 }, (_, i) => `n${i + 1}`);
const gone = () => until('it is cut off', 20_000, () => farm.streams.count('default') === 0);

it('who does not read is cut off, others are told everything meanwhile, and it may go on where it stopped', async () => {
  const slow = await silent();
  const quick = await farm.listen();
  await flood();
  await until('the quick one has all', 20_000, () => quick.messages.length === 400);
  await until('the slow one is cut off', 20_000, () => farm.streams.count('default') === 1);
  expect(quick.told('event')).toEqual(all);
  let text = '';
  slow.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  slow.resume();
  await once(slow, 'close');
  // what reached it of the stream; chunk sizes of HTTP stand between
  const ids = [...text.matchAll(/^id: (\S+)\r?$/gm)].map(([, id]) => id!);
  const before = Number(/^(\d+)-/.exec(ids.at(-2)!)![1]);
  const rest = await farm.listen(undefined, { 'last-event-id': ids.at(-2)! });
  await until('it has the rest', 20_000, () => rest.messages.length === 400 - before);
  expect(rest.told('event')).toEqual(all.slice(before));
}, 60_000);

it('who asks for what was missed and does not read it is cut off too', async () => {
  farm.streams.bounds.beatMs = 100;
  await flood();
  await silent('0-0.0-0');
  await gone();
}, 60_000);

it('who reads what was missed slowly is told all of it', async () => {
  await flood();
  const slow = await silent('0-0.0-0');
  let found = 0;
  slow.setEncoding('latin1').on('data', (chunk: string) => {
    found += chunk.split('event: event').length - 1;
    slow.pause();
    setImmediate(() => slow.resume());
  });
  await until('all of it', 30_000, () => found >= 399);
  expect(farm.streams.count('default')).toBe(1);
}, 60_000);

it('an account has so many streams and no more; others are not counted with it, and one that ends makes room', async () => {
  farm.streams.bounds.perAccount = 3;
  await farm.post('/v1/accounts', { body: { id: 'school' } });
  const three = await Promise.all([1, 2, 3].map(() => farm.listen()));
  expect((await farm.get('/metrics')).text).toMatch(/^farmbell_live_streams 3$/m);
  const refused = await farm.get('/v1/stream');
  expect([refused.status, refused.body.detail, Number(refused.headers.get('retry-after')) > 0]).toEqual([
    429,
    expect.stringMatching(/default has 3 streams.*close one/),
    true,
  ]);
  expect((await farm.listen((await farm.token(['read'], 'school')).token)).status).toBe(200);
  await three[0]!.close();
  await until('there is room', 5000, () => farm.streams.count('default') === 2);
  expect((await farm.listen()).status).toBe(200);
});

it('ends when its token is revoked', async () => {
  farm.streams.bounds.beatMs = 50;
  const [one, two] = [await farm.token(['read']), await farm.token(['read'])];
  const [ends, stays] = [await farm.listen(one.token), await farm.listen(two.token)];
  await farm.send('DELETE', `/v1/tokens/${one.id}`);
  expect(await ends.ended).toBe('end');
  await putEvent(farm.bus, 'after');
  await until('the other goes on', 5000, () => stays.told('event').includes('after'));
  expect(ends.messages).toEqual([]);
});

it('ends when its token expires, or its account is deleted', async () => {
  farm.streams.bounds.beatMs = 50;
  const { token } = await farm.token(['read'], 'default', { expires_at: new Date(Date.now() + 2000).toISOString() });
  const expires = await farm.listen(token);
  expect(expires.status).toBe(200);
  await farm.owner('rules.account.delete', () => null);
  await farm.owner('journal.account.delete', () => null);
  await farm.post('/v1/accounts', { body: { id: 'school' } });
  const deleted = await farm.listen(undefined, { 'farmbell-account': 'school' });
  expect((await farm.send('DELETE', '/v1/accounts/school')).status).toBe(204);
  expect(await deleted.ended).toBe('end');
  expect(await expires.ended).toBe('end');
});

it('shows that it lives', async () => {
  farm.streams.bounds.beatMs = 50;
  const one = await farm.listen();
  await until('some heartbeats', 5000, () => one.comments.filter((text) => text === '').length >= 3);
  expect(one.messages).toEqual([]);
});

it('keeps nothing of a HEAD request, nor of one whose sender has gone', async () => {
  expect((await farm.send('HEAD', '/v1/stream')).status).toBe(200);
  const { hostname, port } = new URL(farm.origin);
  for (let n = 0; n < 20; n++) {
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(`GET /v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminToken}\r\n\r\n`, () => socket.destroy());
    await once(socket, 'close');
  }
  await gone();
  expect((await farm.listen()).status).toBe(200);
});

it('holds no stop up: open streams end, and who does not read is cut off', async () => {
  const listening = await farm.listen();
  await silent();
  await flood();
  await silent('0-0.0-0');
  const stopping = farm.stop();
  stopped = true;
  // else it would wait for as long as a connection may rest, which is 72 s
  let done = false;
  void stopping.then(() => {
    done = true;
  });
  await until('the gateway has stopped', 10_000, () => done);
  expect(await listening.ended).toBe('end');
}, 60_000);
