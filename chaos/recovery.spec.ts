import type { ChannelPlan } from './channels.js';
import type { Accepted, Arrival, Fault } from './records.js';
import { recoveries } from './recovery.js';

const channel = (name: string): ChannelPlan => ({
  name,
  type: 'webhook',
  behaviour: { kind: 'well' },
  asks: {},
  selects: () => true,
  ends: ['delivered'],
  fast: true,
});
const event = (id: string, way: Accepted['way'], triedAt: number): Accepted => ({
  id,
  way,
  triedAt,
  acceptedAt: triedAt,
  type: 'job.failed',
  severity: 'error',
  printer: 'p',
  tags: [],
  n: 0,
  tries: 1,
});
const came = (name: string, id: string, at: number): Arrival => ({ channel: name, event: id, delivery: '', at, took: true });
const fault: Fault = { kind: 'kill', victim: 'rules-1', from: 0, to: 1000 };

describe('recovery', () => {
  const accepted = [
    event('early', 'rest', 900),
    event('r', 'rest', 1100),
    event('g', 'grpc', 1100),
    event('n', 'nats', 1100),
    event('n2', 'nats', 1200),
  ];
  const arrivals = [
    came('a', 'early', 950),
    came('a', 'r', 1500),
    came('a', 'g', 1400),
    came('a', 'n', 9000),
    came('a', 'n2', 4000),
  ];

  it('lasts until every way has brought an event that was sent after the fault', () =>
    expect(recoveries([fault], accepted, arrivals, [channel('a')])).toEqual([{ fault, ms: 3000, last: 'nats to a' }]));

  it('lasts until it is so at every channel', () => {
    const more = [...arrivals, ...['r', 'g', 'n'].map((id) => came('b', id, 6000))];
    expect(recoveries([fault], accepted, more, [channel('a'), channel('b')])[0]).toMatchObject({ ms: 5000, last: 'rest to b' });
  });

  it('never comes when a way brings nothing more', () => {
    const silent = arrivals.filter(({ event: id }) => id !== 'g');
    expect(recoveries([fault], accepted, silent, [channel('a')])[0]).toMatchObject({ ms: null });
  });
});
