import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestNats, testNats, until } from '#testing';
import { Bus, consume } from './index.js';

const settings = { dedupS: 60, retentionDays: 1 };

describe('a broker that goes away', () => {
  let nats: TestNats;
  let bus: Bus;
  let seen: number[];
  let stop: AbortController;
  let running: Promise<void>;
  beforeEach(async () => {
    nats = await testNats();
    bus = await Bus.connect({ url: nats.url, name: 'spec' });
    await bus.applyStreams(settings);
    seen = [];
    stop = new AbortController();
    running = consume<number>(bus, { stream: 'INGEST', durable: 'reader', signal: stop.signal, max: 50 }, async (messages) => {
      // stored elsewhere first, as services do: what cannot be stored is not acked
      await Promise.all(
        messages.map(({ body }) => bus.publish('farmbell.event.default.x', body, { id: `${body}`, timeoutMs: 2000 })),
      );
      seen.push(...messages.map(({ body }) => body));
    });
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await bus.close();
    await nats.stop();
  });
  const put = async (from: number, to: number) => {
    for (let n = from; n <= to; n++) await bus.publish('farmbell.ingest.default.x', n, { id: `in-${n}` });
  };
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

  it('by kill -9: goes on by itself, nothing missing, nothing stored twice', async () => {
    await put(1, 200);
    await until('some are worked off', 5000, () => seen.length > 0);
    const stored = put(201, 400).catch(() => 'cut');
    await nats.kill();
    await nats.start();
    await stored;
    // a publisher repeats what got no answer, by the same ids
    await until('the publisher is through', 20_000, () => put(1, 500).then(() => true));
    await until('all are worked off', 40_000, () => new Set(seen).size === 500);
    const { messages } = (await bus.jsm.streams.info('EVENTS')).state;
    expect(messages).toBe(500);
    expect([...new Set(seen)].sort((a, b) => a - b)).toEqual(upTo(500));
  }, 90_000);

  it('for a moment: what was sent meanwhile is stored at its return, in its order, and a question is told', async () => {
    await nats.kill();
    const sent = Array.from({ length: 50 }, (_, i) => bus.publish('farmbell.event.default.y', i, { id: `away-${i}` }));
    const asked = bus.jsm.streams.info('EVENTS').catch((error: Error) => error.name);
    await nats.start();
    await Promise.all(sent.map((one, i) => one.catch(() => bus.publish('farmbell.event.default.y', i, { id: `away-${i}` }))));
    expect(await asked).toBe('ConnectionLost');
    const { messages, last_seq } = (await bus.jsm.streams.info('EVENTS')).state;
    const read = await Promise.all(upTo(50).map((n) => bus.jsm.streams.getMessage('EVENTS', { seq: last_seq - 50 + n })));
    expect([messages, read.map((message) => message!.json())]).toEqual([50, upTo(50).map((n) => n - 1)]);
  }, 60_000);

  it('and comes back empty: goes on when somebody has made the streams again', async () => {
    await put(1, 10);
    await until('ten are worked off', 5000, () => seen.length === 10);
    await nats.kill();
    await rm(join(nats.storeDir, 'jetstream'), { recursive: true });
    await nats.start();
    const other = await until('the broker is back', 10_000, () => Bus.connect({ url: nats.url, name: 'another' }));
    expect((await other.jsm.streams.list().next()).length).toBe(0);
    await other.applyStreams(settings);
    await other.publish('farmbell.ingest.default.x', 11);
    await until('the eleventh is worked off', 30_000, () => seen.length === 11);
    expect(seen).toEqual(upTo(11));
    await other.close();
  }, 60_000);

  it('is told by alive(), before and after', async () => {
    expect(await bus.alive()).toBe(true);
    await nats.kill();
    expect(await bus.alive(200)).toBe(false);
    await nats.start();
    await until('the bus is alive again', 10_000, () => bus.alive(500));
  }, 30_000);
});
