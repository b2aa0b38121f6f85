import { Bus, Leases, leaseMs } from '#bus';
import { lanes as laneCount } from '#contracts';
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
