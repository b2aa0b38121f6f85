import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Bus } from '#bus';
import { testDatabase, testNats, until } from '#testing';
import { Harness } from '../harness.js';
import { putEvent, putReport } from './samples.js';

let database: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let farm: Harness;

beforeEach(async () => {
  [database, nats] = await Promise.all([testDatabase(), testNats()]);
  farm = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
});
afterEach(async () => {
  await farm?.stop();
  await nats?.stop();
  await database?.drop();
});

const put = async (bus: Bus, from: number, to: number) => {
  for (let n = from; n <= to; n++) {
    await putEvent(bus, `n${n}`);
    await putReport(bus, `n${n}`);
  }
};
const upTo = (count: number) => Array.from({ length: count }, (_, i) => `n${i + 1}`);

it('a broker that is killed and comes back: the stream goes on by itself, nothing missing, nothing twice', async () => {
  const one = await farm.listen();
  await put(farm.bus, 1, 20);
  for (const end of [40, 60]) {
    await nats.kill();
    await nats.start();
    // of another connection, which may be there before the gateway's
    const bus = await until('the broker is back', 15_000, () => Bus.connect({ url: nats.url, name: 'another' }));
    await put(bus, end - 19, end);
    await bus.close();
    await until(`${end} of each are told`, 20_000, () => one.messages.length >= 2 * end);
  }
  expect([one.told('event'), one.told('outcome')]).toEqual([upTo(60), upTo(60)]);
  expect(await Promise.race([one.ended, 'open'])).toBe('open');
}, 60_000);

it('a broker that comes back empty: what is stored then is told, and its ids lead on', async () => {
  const one = await farm.listen();
  await put(farm.bus, 1, 20);
  await until('twenty of each are told', 5000, () => one.messages.length === 40);
  await nats.kill();
  await rm(join(nats.storeDir, 'jetstream'), { recursive: true });
  await nats.start();
  const bus = await until('the broker is back', 15_000, () => Bus.connect({ url: nats.url, name: 'another' }));
  await bus.applyStreams({ dedupS: 60, retentionDays: 1 });
  await put(bus, 21, 25);
  await until('the new ones are told', 30_000, () => one.messages.length >= 50);
  expect([one.told('event'), one.told('outcome')]).toEqual([upTo(25), upTo(25)]);
  await one.close();
  await put(bus, 26, 26);
  await bus.close();
  const two = await farm.listen(undefined, { 'last-event-id': one.lastId });
  await until('what was missed is told', 10_000, () => two.messages.length === 2);
  expect([two.told('event'), two.told('outcome')]).toEqual([['n26'], ['n26']]);
}, 60_000);

it('while the broker is away, open streams stay open, and one that cannot begin is a 503', async () => {
  await farm.post('/v1/accounts', { body: { id: 'school' } });
  const one = await farm.listen();
  await nats.kill();
  // what it needs is read already
  const two = await farm.listen();
  const away = await farm.get('/v1/stream', { headers: { 'farmbell-account': 'school' } });
  expect([away.status, Number(away.headers.get('retry-after')) > 0]).toEqual([503, true]);
  expect([farm.streams.count('default'), farm.streams.count('school')]).toEqual([2, 0]);
  await nats.start();
  await until('the bus is back', 15_000, () => farm.bus.alive(500));
  await put(farm.bus, 1, 1);
  await until('both go on', 20_000, () => one.messages.length === 2 && two.messages.length === 2);
}, 60_000);
