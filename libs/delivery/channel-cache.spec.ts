import type { KV } from '@nats-io/kv';
import { Bus } from '#bus';
import { keyRing, newKey, seal } from '#runtime';
import { type TestNats, testNats } from '#testing';
import { ChannelCache } from './channel-cache.js';
import { copyOf, typeOf } from './samples.js';

let nats: TestNats;
let bus: Bus;
let kv: KV;
let cache: ChannelCache;
let asked: string[];
/** What the owner does when it is asked. */
let renew: (id: string) => Promise<unknown>;
let nowMs: number;
const clock = Date.now;
const keys = keyRing(newKey());
beforeAll(async () => {
  nats = await testNats();
  bus = await Bus.connect({ url: nats.url, name: 'spec' });
  kv = await bus.bucket('CHANNELS');
});
afterAll(async () => {
  await bus?.close();
  await nats?.stop();
});
beforeEach(async () => {
  await kv.purge('c1');
  asked = [];
  renew = async () => {};
  cache = new ChannelCache(kv, typeOf(), keys, (id) => {
    asked.push(id);
    return renew(id);
  });
  nowMs = clock();
  Date.now = () => nowMs;
});
afterEach(() => {
  Date.now = clock;
});

const put = (version: number) => kv.put('c1', JSON.stringify(copyOf({ version, sealed: seal(keys, '{}') })));
const versionOf = async (version: number) => {
  const ready = await cache.get('c1', version);
  return typeof ready === 'string' ? ready : ready.copy.version;
};

it('waits for a version that is on its way, and asks nobody meanwhile', async () => {
  await put(1);
  expect([await versionOf(1), await versionOf(2)]).toEqual([1, 'older']);
  nowMs += 59_000;
  expect(await versionOf(2)).toBe('older');
  await put(2);
  expect([await versionOf(2), asked]).toEqual([2, []]);
});

it('after a minute asks its owner once, and then takes what there is', async () => {
  await put(1);
  expect([await versionOf(7), await versionOf(5)]).toEqual(['older', 'older']);
  nowMs += 60_000;
  expect([await versionOf(5), await versionOf(7), await versionOf(6), asked]).toEqual([1, 1, 1, ['c1']]);
  // a later one may be on its way again
  expect(await versionOf(8)).toBe('older');
  nowMs += 59_000;
  expect([await versionOf(8), asked]).toEqual(['older', ['c1']]);
});

it('takes what its owner makes of it: a newer copy, or none any more', async () => {
  await put(1);
  await versionOf(3);
  nowMs += 60_000;
  renew = () => put(3);
  expect(await versionOf(3)).toBe(3);
  await versionOf(4);
  nowMs += 60_000;
  renew = () => kv.delete('c1');
  expect(await versionOf(4)).toBe('deleted');
});

it('asks again, some seconds later, while its owner does not answer', async () => {
  await put(1);
  await versionOf(3);
  nowMs += 60_000;
  renew = () => Promise.reject(new Error('away'));
  await expect(versionOf(3)).rejects.toThrow('away');
  expect([await versionOf(3), asked.length]).toEqual(['older', 1]);
  nowMs += 5000;
  renew = async () => {};
  expect([await versionOf(3), asked.length]).toEqual([1, 2]);
});
