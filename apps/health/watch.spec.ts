import { Bus } from '#bus';
import type { ChannelCopy, DisableCommand, FarmEvent, Report } from '#contracts';
import { Database } from '#runtime';
import { testDatabase, testNats } from '#testing';
import { Copies } from './copies.js';
import { migrations } from './migration.js';
import { at, expired, hour, later, minute, reached, report, scene, t0, waits } from './samples.js';
import { Watch } from './watch.js';

let nats: Awaited<ReturnType<typeof testNats>>;
let place: Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
let bus: Bus;
let copies: Copies;
let watch: Watch;
let serial = 0;

beforeAll(async () => {
  [nats, place] = await Promise.all([testNats(), testDatabase()]);
  database = await Database.open({ url: place.url, schema: 'health', migrations });
  bus = await Bus.connect({ url: nats.url, name: 'health' });
  await bus.applyStreams({ dedupS: 600, retentionDays: 30 });
  copies = await Copies.open(bus);
});
afterAll(async () => {
  await bus?.close();
  await database?.destroy();
  await nats?.stop();
  await place?.drop();
});
const restart = () => {
  watch = new Watch(database, bus, copies, () => scene.now);
};
beforeEach(() => {
  scene.now = t0;
  scene.channel = `c${++serial}`;
  restart();
});

const fail = async (from: number, to: number, more: Partial<Report> = {}) => {
  for (let i = from; i <= to; i++) await watch.take([report(`d${i}`, more)], reached);
};
async function messages<T>(stream: 'COMMANDS' | 'EVENTS', subject: string): Promise<T[]> {
  const { state } = await bus.jsm.streams.info(stream, { subjects_filter: subject });
  if (!state.subjects?.[subject]) return [];
  const found: T[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await bus.jsm.streams.getMessage(stream, { seq });
    if (message?.subject === subject) found.push(message.json<T>());
  }
  return found;
}
const commands = () => messages<DisableCommand>('COMMANDS', `farmbell.command.channel.disable.${scene.channel}`);
const warnings = async () =>
  (await messages<FarmEvent>('EVENTS', 'farmbell.event.default.channel.failing')).filter(
    (one) => one.data?.channel_id === scene.channel,
  );
const status = async (epoch = 1) =>
  (await watch.status({ account: 'default', channels: [{ id: scene.channel, epoch }] }))[scene.channel]!;
const copy = async (more: Partial<ChannelCopy>) => {
  const kv = await bus.bucket('CHANNELS');
  const whole = { id: scene.channel, account: 'default', name: 'Ops', organization: 'school', epoch: 1, enabled: true };
  await kv.put(scene.channel, JSON.stringify({ ...whole, auto_disable: { failures: 10, window_h: 24 }, ...more }));
};

describe('failures', () => {
  it('disable at exactly the tenth, and warn once at the fifth', async () => {
    await copy({});
    await fail(1, 4);
    expect(await warnings()).toEqual([]);
    await fail(5, 9);
    expect(await warnings()).toMatchObject([
      {
        id: `channel.failing:${scene.channel}:1`,
        severity: 'warning',
        organization: 'school',
        title: 'Channel Failing: Ops',
        message: 'Channel Ops is failing: 5 deliveries failed within 24 hours (last: server, HTTP 500); at 10 it is disabled.',
        data: { channel_id: scene.channel, channel_name: 'Ops', failures: 5 },
      },
    ]);
    expect(await commands()).toEqual([]);
    expect(await status()).toEqual({
      failures: 9,
      last_success_at: null,
      last_failure_at: at(),
      last_error: 'The receiver failed',
      warned: true,
    });
    await fail(10, 12);
    expect(await commands()).toEqual([
      {
        channel: scene.channel,
        account: 'default',
        epoch: 1,
        reason: '10 deliveries failed within 24 hours (last: server, HTTP 500)',
        at: at(),
      },
    ]);
  });

  it('stay counted over a success, and leave the window one by one', async () => {
    await fail(1, 9);
    scene.now += hour;
    await watch.take([report('ok', { outcome: 'delivered', reason: null })], reached);
    expect(await status()).toMatchObject({ failures: 9, last_success_at: at() });
    scene.now = t0 + 24 * hour;
    await fail(10, 18);
    expect([(await status()).failures, await commands()]).toEqual([9, []]);
  });

  it('start at zero in the next epoch, and those of an older one are not counted', async () => {
    await fail(1, 9);
    await watch.take([report('next', { epoch: 2 })], reached);
    await fail(20, 30, { epoch: 1 });
    expect(await commands()).toEqual([]);
    expect([(await status(2)).failures, (await status(2)).warned]).toEqual([1, false]);
    await fail(40, 48, { epoch: 2 });
    expect(await commands()).toMatchObject([{ epoch: 2 }]);
  });

  it('are not held against a channel that was enabled anew since', async () => {
    await copy({ epoch: 3 });
    await fail(1, 10);
    expect([await commands(), await warnings()]).toEqual([[], []]);
  });

  it('survive a restart, and count once however often they are reported', async () => {
    await fail(1, 9);
    restart();
    await fail(1, 9);
    await watch.sweep();
    expect([(await status()).failures, await commands()]).toEqual([9, []]);
    const tenth = report('d10');
    await watch.take([tenth, tenth], reached);
    restart();
    await watch.take([tenth], reached);
    await watch.sweep();
    expect(await commands()).toHaveLength(1);
  });

  it('follow the limits of the channel, and a tombstone ends it all', async () => {
    await copy({ auto_disable: { failures: 2, window_h: 1 } });
    await fail(1, 1);
    scene.now += hour;
    await fail(2, 2);
    expect(await commands()).toEqual([]);
    await (await bus.bucket('CHANNELS')).delete(scene.channel);
    await fail(3, 20);
    expect(await commands()).toEqual([]);
  });
});

describe('a delivery in backoff', () => {
  it('counts when it is undelivered an hour after its first attempt, and once', async () => {
    await copy({ auto_disable: { failures: 1, window_h: 24 } });
    await watch.take([waits('d1')], reached);
    scene.now += hour - 1;
    await watch.sweep();
    expect([(await status()).failures, await commands()]).toEqual([0, []]);
    scene.now += 1;
    await watch.sweep();
    expect([(await status()).failures, (await commands()).length]).toEqual([1, 1]);
    scene.now += minute;
    await watch.take([later('d1', t0)], reached);
    expect((await status()).failures).toBe(1);
    scene.now = t0 + 25 * hour; // its hour leaves the window; that it fails for good a day later does not count again
    await watch.take([expired('d1', t0)], reached);
    expect((await status()).failures).toBe(0);
  });

  it('does not count when it is delivered or cancelled in time, in whatever order the reports come', async () => {
    const [a, c] = [waits('a'), waits('c')];
    scene.now += 10 * minute;
    await watch.take([later('a', t0, { outcome: 'delivered', reason: null })], reached);
    await watch.take([a, c, later('c', t0, { outcome: 'cancelled', reason: 'disabled' })], reached);
    scene.now += 2 * hour;
    await watch.sweep();
    expect((await status()).failures).toBe(0);
  });

  it('counts its hour from the first attempt, whichever attempt is heard of first', async () => {
    const first = [waits('a'), waits('b')];
    scene.now += 30 * minute;
    const second = ['a', 'b'].map((one) => waits(one, { first_attempt_at: undefined }));
    await watch.take([first[0]!], reached);
    await watch.take([second[0]!], reached);
    await watch.take([second[1]!], reached);
    await watch.take([first[1]!], reached);
    scene.now = t0 + hour;
    await watch.sweep();
    expect((await status()).failures).toBe(2);
  });

  it('counts when it fails or expires for good before', async () => {
    await watch.take([waits('a'), waits('b')], reached);
    scene.now += minute;
    await watch.take([later('a', t0), expired('b', t0)], reached);
    expect((await status()).failures).toBe(2);
  });
});

describe('what never counts', () => {
  it('tests, suppressed and cancelled deliveries', async () => {
    await fail(1, 12, { test: true, gone: true });
    await fail(21, 32, { outcome: 'suppressed', attempt: undefined });
    await fail(41, 52, { outcome: 'cancelled', reason: 'disabled', attempt: undefined, first_attempt_at: undefined });
    expect([await status(), await commands()]).toMatchObject([{ failures: 0, last_failure_at: null }, []]);
  });

  it("a provider's own outage, also when the delivery expires, unless another attempt was to blame", async () => {
    await watch.take([waits('a', { outage: true }), waits('b', { outage: true })], reached);
    scene.now += 2 * hour;
    await watch.sweep();
    await watch.take([expired('a', t0), later('b', t0, { outcome: null })], reached);
    expect([(await status()).failures, (await status()).last_error]).toEqual([1, 'The receiver failed']);
  });

  it('what expired without an attempt', async () => {
    for (let i = 0; i < 12; i++) await watch.take([expired(`d${i}`, undefined)], reached);
    expect([(await status()).failures, await commands()]).toEqual([0, []]);
  });
});

describe('a destination that is gone', () => {
  it('disables at once, with what the answer meant', async () => {
    await watch.take([report('d1', { reason: 'gone', gone: true, meaning: 'The webhook was deleted' })], reached);
    expect(await commands()).toMatchObject([{ epoch: 1, reason: 'the destination is gone: The webhook was deleted' }]);
    expect(await warnings()).toEqual([]);
  });

  it('in the present epoch alone', async () => {
    await watch.take([waits('d1', { epoch: 2 }), report('d2', { gone: true, epoch: 1 })], reached);
    expect(await commands()).toEqual([]);
  });
});

describe('old rows', () => {
  it('are deleted when nothing can count them any more', async () => {
    await fail(1, 3);
    scene.now += 33 * 24 * hour;
    expect(await watch.prune()).toBeGreaterThanOrEqual(3);
    expect((await status()).failures).toBe(0);
  });
});
