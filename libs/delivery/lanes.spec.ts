import { Bus, Leases, leaseMs } from '#bus';
import { lanes as laneCount } from '#contracts';
import { type TestNats, testNats, until } from '#testing';
import { Lanes } from './lanes.js';

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

it('are lost once a process has stood still for as long as a lease lasts, before anything tells it so', async () => {
  const stopping = new AbortController();
  const faults: unknown[] = [];
  const lanes = new Lanes({
    bus,
    leases: await Leases.open(bus, 'one'),
    type: 'webhook',
    taking: async () => {},
    take: async () => {},
    reached: () => {},
    idlest: (some, count) => some.slice(0, count),
    settled: async () => {},
    onChange: () => {},
    onError: (error) => faults.push(error),
    signal: stopping.signal,
  });
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
