import type { JsMsg } from '@nats-io/jetstream';
import { Bus, Leases, leaseMs } from '#bus';
import { lanes as laneCount, subjects } from '#contracts';
import { type TestNats, testNats, until } from '#testing';
import { Lanes, type LanesParts } from './lanes.js';

let nats: TestNats;
let bus: Bus;
beforeAll(async () => {
  nats = await testNats();
  bus = await Bus.connect({ url: nats.url, name: 'spec' });
  await bus.applyStreams({ dedupS: 60, retentionDays: 1 });
});
afterAll(async () => {
  await bus?.close();
  await nats?.stop();
});

let faults: unknown[];
beforeEach(() => {
  faults = [];
});
const open = async (holder: string, signal: AbortSignal, more: Partial<LanesParts> = {}) =>
  new Lanes({
    bus,
    leases: await Leases.open(bus, holder),
    type: 'webhook',
    looking: async () => {},
    taking: async () => {},
    take: async () => {},
    reached: () => {},
    inHand: () => true,
    idlest: (some, count) => some.slice(0, count),
    settled: async () => {},
    onChange: () => {},
    onError: (error) => faults.push(error),
    signal,
    ...more,
  });

it('are taken anew, after another look, when they were let go', async () => {
  const stopping = new AbortController();
  const done: string[] = [];
  const lanes = await open('two', stopping.signal, {
    looking: async () => void done.push('looked'),
    taking: async (some) => void done.push(`takes ${some.length}`),
  });
  const running = lanes.run();
  await until('every lane', 10_000, () => lanes.owned.length === laneCount);
  lanes.lose(3);
  expect([lanes.owns(3), lanes.owns(4)]).toEqual([false, true]);
  await until('the lane is back', 10_000, () => lanes.owns(3));
  expect(done).toEqual(['looked', `takes ${laneCount}`, 'looked', 'takes 1']);
  stopping.abort();
  await lanes.release();
  await running;
  expect(faults).toEqual([]);
});

describe('a lane of a queue', () => {
  const taken: number[] = [];
  let stopping: AbortController;
  let lanes: Lanes;
  let running: Promise<void>;
  let keeps: boolean;
  const put = async (from: number, to: number) => {
    for (let n = from; n <= to; n++) await bus.js.publish(subjects.delivery('webhook', 3, 'c1'), String(n));
  };
  const left = async () => (await bus.jsm.streams.info('DELIVERIES')).state.messages;
  const consumer = async () => {
    const names: string[] = [];
    for await (const { name } of bus.jsm.consumers.list('DELIVERIES')) names.push(name);
    return names.find((name) => name.startsWith('webhook-3-'));
  };
  beforeEach(async () => {
    taken.length = 0;
    keeps = false;
    stopping = new AbortController();
    lanes = await open('queue', stopping.signal, {
      take: async (message) => {
        taken.push(Number(message.string()));
        if (!keeps) message.ack();
      },
      inHand: () => false,
      lookMs: 300,
    });
    running = lanes.run();
    // the last owner's consumers are deleted then
    await until('every lane', 10_000, () => lanes.owned.length === laneCount);
    await until('the lane is read', 10_000, consumer);
  });
  afterEach(async () => {
    stopping.abort();
    await lanes.release();
    await running;
  });
  /** Takes one message away on its way to the lane's reader. */
  const steal = async (): Promise<{ message: Promise<JsMsg | null> }> => {
    const thief = await bus.js.consumers.get('DELIVERIES', (await consumer())!);
    const message = thief.next({ expires: 10_000 });
    await bus.nc.flush();
    return { message };
  };
  const allAcked = () => until('all are acked', 10_000, async () => (await left()) === 0);
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

  it('is read again from what was lost on its way, before anything behind that is taken', async () => {
    const { message } = await steal();
    await put(1, 20);
    const lost = Number((await message)!.string());
    await allAcked();
    expect([lost < 20, taken]).toEqual([true, upTo(20)]);
    expect(String(faults)).toBe('Error: a message of lane 3 of webhook was lost on its way: all are read again, in order');
  });

  it('is read again when its last message was lost on its way, or an ack of it', async () => {
    const { message } = await steal();
    let n = 0;
    while (!(await Promise.race([message, new Promise((done) => setTimeout(done, 200))]))) await put(++n, n);
    await allAcked();
    expect(taken).toEqual(upTo(n));
    keeps = true;
    await put(n + 1, n + 1);
    await until('it was taken', 10_000, () => taken.includes(n + 1));
    keeps = false;
    await allAcked();
    expect(taken).toEqual([...upTo(n), n + 1, n + 1]);
    expect(faults).toEqual([]);
  });
});

it('are lost once a process has stood still for as long as a lease lasts, before anything tells it so', async () => {
  const stopping = new AbortController();
  const lanes = await open('one', stopping.signal);
  const running = lanes.run();
  await until('every lane', 10_000, () => lanes.owned.length === laneCount);
  expect(lanes.owns(3)).toBe(true);
  const clock = Date.now;
  Date.now = () => clock() + leaseMs;
  try {
    expect(lanes.owns(3)).toBe(false);
    expect(lanes.owned).not.toContain(3);
  } finally {
    Date.now = clock;
  }
  stopping.abort();
  await lanes.release();
  await running;
  expect(faults).toEqual([]);
});
