import type { ChannelPlan } from './channels.js';
import type { Violation } from './judge.js';
import type { Accepted, Arrival, Fault } from './records.js';
import { restarts } from './restarts.js';

const fast = { name: 'fast', fast: true } as ChannelPlan;
const event = (id: string, acceptedAt: number) => ({ id, acceptedAt }) as Accepted;
const came = (id: string, at: number, channel = 'fast'): Arrival => ({ channel, event: id, delivery: '', at, took: true });
const fault = (kind: Fault['kind'], from: number, to: number): Fault => ({ kind, victim: 'every service', from, to });
const repeat = (at: number): Violation => ({ what: 'repeated', channel: 'fast', event: 'e', text: '', at });

const accepted = [
  event('early', 0),
  event('calm', 2100),
  event('calm2', 2200),
  event('last', 2900),
  event('in', 3100),
  event('after', 5100),
];
const arrivals = [
  came('early', 1900),
  came('calm', 2140),
  came('calm2', 2210),
  came('last', 3500),
  came('in', 3150),
  came('after', 9000),
  came('in', 4900, 'slow'),
];
const kill = fault('kill', 1000, 2000);
const restart = fault('rolling-restart', 3000, 5000);

it('tells the longest way before and during a rolling restart, at these channels', () =>
  expect(restarts([kill, restart], accepted, arrivals, [], [fast])).toEqual([
    {
      fault: restart,
      before: { ms: 40, channel: 'fast', event: 'calm' },
      // accepted before it, and on its way when it began
      during: { ms: 600, channel: 'fast', event: 'last' },
      repeats: 0,
    },
  ]));

it('counts what was repeated at it, and nothing else', () => {
  const other = { ...repeat(4000), what: 'missing' as const };
  const [one] = restarts(
    [restart],
    accepted,
    arrivals,
    [repeat(2000), repeat(3000), repeat(20_000), repeat(90_000), other],
    [fast],
  );
  expect(one?.repeats).toBe(2);
});

it('tells that nothing arrived', () =>
  expect(restarts([restart], accepted, [], [], [fast])).toEqual([{ fault: restart, before: null, during: null, repeats: 0 }]));
