import { type TestNats, testNats, until } from '#testing';
import { alone, Bus, Leases, leaseMs } from './index.js';

describe('leases', () => {
  let nats: TestNats;
  let buses: Bus[];
  let a: Leases;
  let b: Leases;
  beforeAll(async () => {
    nats = await testNats();
    buses = await Promise.all(['a', 'b'].map((name) => Bus.connect({ url: nats.url, name })));
    [a, b] = (await Promise.all(buses.map((bus, i) => Leases.open(bus, `holder-${i}`)))) as [Leases, Leases];
  });
  beforeEach(() => a.clear());
  afterAll(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    await nats.stop();
  });

  it('are held by one, and their epoch grows', async () => {
    const first = await a.take('lane');
    expect(first).toBeGreaterThan(0);
    expect([await b.take('lane'), await a.take('lane')]).toEqual([undefined, undefined]);
    expect(await a.renew('lane')).toBe(true);
    expect(await b.renew('lane')).toBe(false);
    await b.release('lane');
    expect(await b.take('lane')).toBeUndefined();
    await a.release('lane');
    const second = await b.take('lane');
    expect(second).toBeGreaterThan(first!);
    expect(await a.renew('lane')).toBe(false);
  });

  it('are taken by one of many at once', async () => {
    const taken = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? a : b).take('race')));
    expect(taken.filter((epoch) => epoch !== undefined)).toHaveLength(1);
  });

  it('are listed, and counted as replicas', async () => {
    await a.take('lanes.discord.1');
    await b.take('lanes.discord.2');
    await b.take('lanes.slack.1');
    expect([...(await a.held('lanes.discord.*'))].sort()).toEqual(['lanes.discord.1', 'lanes.discord.2']);
    await a.release('lanes.discord.1');
    expect([...(await a.held('lanes.discord.*'))]).toEqual(['lanes.discord.2']);
    expect([await a.replicas('rules'), await b.replicas('rules'), await a.replicas('rules')]).toEqual([1, 2, 2]);
    await b.leave('rules');
    expect(await a.replicas('rules')).toBe(1);
  });

  it('leave nothing behind at the broker, however often they are asked for', async () => {
    const consumers = async () => (await buses[0]!.jsm.streams.info('KV_LEASES')).state.consumer_count;
    const before = await consumers();
    await a.take('lane.slack.1');
    for (let second = 0; second < 20; second++) {
      expect(await a.replicas('slack')).toBe(1);
      expect([...(await b.held('lane.slack.*'))]).toEqual(['lane.slack.1']);
    }
    expect(await consumers()).toBe(before);
  });

  it('are renewed by several at once, and free at once when they are released meanwhile', async () => {
    await a.take('lane');
    expect(await Promise.all([a.renew('lane'), a.renew('lane')])).toEqual([true, true]);
    const renewed = a.renew('lane');
    await a.release('lane');
    await renewed;
    expect(await b.take('lane')).toBeGreaterThan(0);
  });

  it('are all free after clear()', async () => {
    await a.take('one');
    await b.take('two');
    await a.clear();
    expect([...(await a.held('>'))]).toEqual([]);
    expect(await a.take('two')).toBeGreaterThan(0);
    expect(await b.renew('two')).toBe(false);
  });

  it('run work in one process at a time, and in the next when the first stops', async () => {
    const stops = [new AbortController(), new AbortController()];
    const log: string[] = [];
    const work = (name: string) => async (signal: AbortSignal) => {
      log.push(`${name} begins`);
      await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
      log.push(`${name} ends`);
    };
    const first = alone(a, 'job', stops[0]!.signal, work('a'), fail);
    await until('the first works', 5000, () => log.length === 1);
    const second = alone(b, 'job', stops[1]!.signal, work('b'), fail);
    stops[0]!.abort();
    await first;
    await until('the second works', 5000, () => log.length === 3);
    stops[1]!.abort();
    await second;
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('run work again when it failed', async () => {
    const stop = new AbortController();
    const errors: unknown[] = [];
    let runs = 0;
    const running = alone(
      a,
      'shaky',
      stop.signal,
      async () => {
        if (++runs < 3) throw new Error(`failure ${runs}`);
        stop.abort();
      },
      (error) => errors.push(error),
    );
    await running;
    expect(errors.map(String)).toEqual(['Error: failure 1', 'Error: failure 2']);
    expect(await b.take('shaky')).toBeGreaterThan(0);
  });

  it('are lost when another has them, and the work is told', async () => {
    const stop = new AbortController();
    const told = new Promise<void>((done) => {
      void alone(
        a,
        'stolen',
        stop.signal,
        (signal) =>
          new Promise((end) =>
            signal.addEventListener('abort', () => {
              stop.abort();
              done();
              end();
            }),
          ),
        fail,
      );
    });
    await until('a holds it', 5000, async () => (await b.held('stolen')).size === 1);
    await b.clear();
    expect(await b.take('stolen')).toBeGreaterThan(0);
    await told;
    await until('a is out', 5000, async () => (await b.renew('stolen')) && (await a.take('stolen')) === undefined);
  });

  it('are free again when their holder is killed', async () => {
    const killed = await Bus.connect({ url: nats.url, name: 'killed' });
    const epoch = await (await Leases.open(killed, 'killed')).take('orphan');
    await killed.nc.close();
    expect(await b.take('orphan')).toBeUndefined();
    expect(await until('it ends by itself', 2 * leaseMs, () => b.take('orphan'))).toBeGreaterThan(epoch!);
  });
});

const fail = (error: unknown) => {
  throw error;
};
