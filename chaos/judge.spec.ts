import type { ChannelPlan } from './channels.js';
import { judge } from './judge.js';
import type { Accepted, Arrival, Fault, Records, Reported, Shown } from './records.js';

const plan = (over: Partial<ChannelPlan> = {}): ChannelPlan => ({
  name: 'c',
  type: 'webhook',
  behaviour: { kind: 'well' },
  asks: {},
  selects: ({ type }) => type === 'job.failed',
  ends: ['delivered'],
  fast: true,
  ...over,
});
const accepted = (n: number, over: Partial<Accepted> = {}): Accepted => ({
  id: `e${n}`,
  type: 'job.failed',
  severity: 'error',
  printer: 'p1',
  tags: [],
  n,
  way: 'rest',
  triedAt: n * 1000,
  acceptedAt: n * 1000 + 10,
  tries: 1,
  ...over,
});
const arrival = (n: number, over: Partial<Arrival> = {}): Arrival => ({
  channel: 'c',
  event: `e${n}`,
  delivery: `d${n}`,
  at: n * 1000 + 50,
  took: true,
  ...over,
});
const shown = (n: number, over: Partial<Shown> = {}): Shown => ({
  channel: 'c',
  event: `e${n}`,
  delivery: `d${n}`,
  outcome: 'delivered',
  next_attempt_at: null,
  attempts: 1,
  folded: false,
  ...over,
});
const report = (n: number, over: Partial<Reported> = {}): Reported => ({
  delivery: `d${n}`,
  attempt: 1,
  at: n * 1000 + 60,
  ...over,
});
const fault = (over: Partial<Fault> = {}): Fault => ({ kind: 'kill', victim: 'webhook-1', from: 0, to: 0, ...over });

/** Two events that went well. */
const well = (over: Partial<Records> = {}): Records => ({
  accepted: [accepted(1), accepted(2)],
  arrivals: [arrival(1), arrival(2)],
  shown: [shown(1), shown(2)],
  reported: [report(1), report(2)],
  waitingRows: new Set(),
  faults: [],
  ...over,
});
const found = (records: Records, over: Partial<ChannelPlan> = {}) =>
  judge(records, [plan(over)]).violations.map(({ what, event }) => `${what} ${event}`);

describe('the judge', () => {
  it('finds nothing where all is well, and counts', () => {
    const { violations, explained, rows } = judge(well(), [plan()]);
    expect([violations, explained]).toEqual([[], []]);
    expect(rows).toMatchObject([{ channel: 'c', due: 2, delivered: 2, repeated: 0, missing: 0, unaccounted: 0, order: 0 }]);
  });

  it('asks for nothing that the channel does not select', () => {
    const records = well({ arrivals: [], shown: [], reported: [] });
    expect(found(records, { selects: () => false })).toEqual([]);
    expect(found(records)).toEqual(['missing e1', 'unaccounted e1', 'missing e2', 'unaccounted e2']);
  });

  it.each<[string, Partial<Records>, string[]]>([
    ['a delivery that never arrived', { arrivals: [arrival(1)] }, ['missing e2', 'unaccounted e2']],
    ['one that was not taken', { arrivals: [arrival(1), arrival(2, { took: false })] }, ['missing e2', 'unaccounted e2']],
    ['one that the API does not know', { shown: [shown(1)] }, ['unaccounted e2']],
    ['one that the API lists twice', { shown: [shown(1), shown(2), shown(2, { delivery: 'd3' })] }, ['unaccounted e2']],
    ['one that neither ended nor goes on', { shown: [shown(1), shown(2, { outcome: null, attempts: 0 })] }, ['unaccounted e2']],
    ['one that arrived under another id', { arrivals: [arrival(1), arrival(2, { delivery: 'd9' })] }, ['unaccounted e2']],
    [
      'one that is said to have failed, and was taken',
      { shown: [shown(1), shown(2, { outcome: 'failed' })] },
      ['unaccounted e2'],
    ],
    ['a row that still waits though it was delivered', { waitingRows: new Set(['d2']) }, ['unaccounted e2']],
    ['what was never accepted', { arrivals: [arrival(1), arrival(2), arrival(3)] }, ['unknown e3']],
    [
      'a wrong order',
      { arrivals: [arrival(1, { at: 2055 }), arrival(2)], reported: [report(1, { at: 2070 }), report(2)] },
      ['order e2'],
    ],
  ])('finds %s', (_, over, violations) => expect(found(well(over))).toEqual(violations));

  it('leaves alone what comes from Farmbell itself, and the order between printers', () => {
    expect(found(well({ arrivals: [arrival(1), arrival(2), arrival(3, { event: 'channel.failing:x' })] }))).toEqual([]);
    const other = [accepted(1), accepted(2, { printer: 'p2' })];
    const late = { arrivals: [arrival(1, { at: 2055 }), arrival(2)], reported: [report(1, { at: 2070 }), report(2)] };
    expect(found(well({ ...late, accepted: other }))).toEqual([]);
  });

  it('takes a first arrival for the order only if it is the first attempt', () => {
    const retried = {
      arrivals: [arrival(1, { at: 7000 }), arrival(2)],
      reported: [report(1), report(1, { attempt: 2, at: 7010 }), report(2)],
    };
    expect(found(well(retried))).toEqual([]);
  });

  it('takes what a summary tells of for delivered, and finds what was sent beside it', () => {
    const folded = { shown: [shown(1), shown(2, { attempts: 0, folded: true })] };
    expect(found(well({ ...folded, arrivals: [arrival(1)] }))).toEqual([]);
    expect(found(well({ ...folded, arrivals: [arrival(1), arrival(2)] }))).toEqual(['repeated e2']);
    const summary = arrival(3, { event: '37 notifications in one message' });
    expect(found(well({ arrivals: [arrival(1), arrival(2), summary] }))).toEqual([]);
  });

  describe('of a channel that fails', () => {
    const failing = { ends: ['failed'] };
    const failed = well({
      arrivals: [arrival(1, { took: false }), arrival(2, { took: false })],
      shown: [shown(1, { outcome: 'failed' }), shown(2, { outcome: 'failed' })],
    });
    it('wants its deliveries to have failed', () => {
      expect(found(failed, failing)).toEqual([]);
      expect(found(well(), failing)).toEqual(['unaccounted e1', 'unaccounted e2']);
    });

    it('wants what waits to have a row', () => {
      const wait = { outcome: null, next_attempt_at: '2026-03-01T12:00:00Z' };
      const waiting = { ...failed, shown: [shown(1, wait), shown(2, wait)], waitingRows: new Set(['d1']) };
      expect(found(waiting, { ends: ['waiting'] })).toEqual(['unaccounted e2']);
    });
  });

  it('lets an answer be lost on a process that stood still', () => {
    const stopped = { faults: [fault({ kind: 'stop', from: 2040, to: 14_000 })] };
    const late = well({ shown: [shown(1), shown(2, { outcome: 'failed' })] });
    expect(found({ ...late, ...stopped })).toEqual([]);
    expect(found({ ...late, faults: [fault({ kind: 'stop', from: 20_000, to: 34_000 })] })).toEqual(['unaccounted e2']);
    expect(found({ ...late, faults: [fault({ kind: 'stop', victim: 'rules-1', from: 2040, to: 14_000 })] })).toEqual([
      'unaccounted e2',
    ]);
  });
});

describe('a repeat', () => {
  /** Event 2 arrived at 2050 and again at 12,000; its attempt was on record at 12,010. */
  const twice = (faults: Fault[]) =>
    well({
      arrivals: [arrival(1), arrival(2), arrival(2, { at: 12_000 })],
      reported: [report(1), report(2, { at: 12_010 })],
      faults,
    });

  it.each<[string, Partial<Fault>[]]>([
    ['its service was killed meanwhile', [{ from: 2060, to: 5000 }]],
    ['all of its service was killed meanwhile', [{ kind: 'kill-all', victim: 'webhook', from: 2060, to: 5000 }]],
    ['its service stood still', [{ kind: 'stop', from: 2000, to: 14_000 }]],
    ['the broker was away', [{ kind: 'broker-away', victim: 'nats', from: 1500, to: 6500 }]],
  ])('is explained when %s', (_, faults) => {
    const { violations, explained, rows } = judge(twice(faults.map(fault)), [plan()]);
    expect([violations, explained.length, rows[0]!.repeated]).toEqual([[], 1, 1]);
  });

  it.each<[string, Partial<Fault>[]]>([
    ['nothing happened', []],
    ['its service was killed before', [{ from: 500, to: 2000 }]],
    ['its service was killed after', [{ from: 12_500, to: 13_000 }]],
    ['another service was killed', [{ victim: 'rules-1', from: 2060, to: 5000 }]],
    ['its service was restarted in order', [{ kind: 'rolling-restart', victim: 'every service', from: 0, to: 20_000 }]],
    ['the database was away', [{ kind: 'database-away', victim: 'postgres', from: 0, to: 20_000 }]],
  ])('is a violation when %s', (_, faults) => expect(found(twice(faults.map(fault)))).toEqual(['repeated e2']));

  it('is a violation in any case when the end was on record before', () => {
    const late = { ...twice([fault({ from: 2060, to: 5000 })]), reported: [report(1), report(2)] };
    expect(found(late)).toEqual(['repeated e2']);
  });

  it('is none when the attempt before it failed and is on record', () => {
    const retried = well({
      arrivals: [arrival(1), arrival(2, { took: false }), arrival(2, { at: 7000 })],
      reported: [report(1), report(2), report(2, { attempt: 2, at: 7010 })],
    });
    expect(found(retried)).toEqual([]);
  });

  it('is one when what was recorded as failed had been taken', () => {
    const again = well({
      arrivals: [arrival(1), arrival(2), arrival(2, { at: 7000 })],
      reported: [report(1), report(2), report(2, { attempt: 2, at: 7010 })],
    });
    expect(found(again)).toEqual(['repeated e2']);
  });
});
