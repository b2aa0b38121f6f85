import fc from 'fast-check';
import type { FarmEvent } from '#contracts';
import type { Database } from '#runtime';
import { type Matchable, match } from './match.js';
import { MatchIndex } from './match-index.js';

const types = ['job.failed', 'job.progress', 'printer.online', 'channel.failing', 'custom.a.b'];
const channelOf = fc.record({
  id: fc.constantFrom('c1', 'c2', 'c3', 'c4'),
  account: fc.constantFrom('a', 'b'),
  type: fc.constant('webhook' as const),
  organization: fc.constantFrom(null, 'o'),
  enabled: fc.boolean(),
  version: fc.integer({ min: 1, max: 3 }),
  epoch: fc.constant(1),
  lane: fc.constant(1),
  events: fc.uniqueArray(fc.constantFrom(...types, 'job.*', 'channel.*', 'custom.*'), { maxLength: 3 }),
  min_severity: fc.constantFrom(null, 'info' as const, 'warning' as const, 'error' as const),
  printers: fc.uniqueArray(fc.constantFrom('p1', 'p2', '*'), { maxLength: 2 }),
  tags: fc.constantFrom<string[]>([], ['t'], ['u', 't'], ['u']),
});
const eventOf = fc.record({
  account: fc.constantFrom('a', 'b'),
  type: fc.constantFrom(...types),
  severity: fc.constantFrom('info', 'warning', 'error', 'critical'),
  organization: fc.constantFrom(undefined, 'o'),
  printer: fc.option(
    fc.record({ id: fc.constantFrom('p1', 'p2', 'p3', '*'), tags: fc.constantFrom(undefined, [], ['t'], ['t', 'v']) }),
    { nil: undefined },
  ),
  data: fc.constantFrom({}, { channel_id: 'c1' }),
}) as fc.Arbitrary<FarmEvent>;

const index = () => new MatchIndex({} as Database);
const due = (at: MatchIndex, event: FarmEvent) => at.due(event).map((channel) => channel.id);

it('finds what asking every channel would find, whatever was put and dropped before', () => {
  const step = fc.oneof(fc.record({ put: channelOf }), fc.record({ drop: fc.constantFrom('c1', 'c2', 'c3', 'c4') }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.array(eventOf, { minLength: 1, maxLength: 5 }), (steps, events) => {
      const tested = index();
      const present = new Map<string, Matchable>();
      for (const one of steps) {
        if ('drop' in one) {
          tested.drop(one.drop);
          present.delete(one.drop);
          continue;
        }
        // an id belongs to one account for ever
        const channel = { ...one.put, account: one.put.id < 'c3' ? 'a' : 'b' };
        tested.put(channel);
        if ((present.get(channel.id)?.version ?? 0) <= channel.version) present.set(channel.id, channel);
      }
      for (const event of events) {
        const all = [...present.values()].filter((one) => one.account === event.account && match(event, one) === 'due');
        expect(due(tested, event)).toEqual(all.map((one) => one.id).sort());
      }
    }),
    { numRuns: 2000 },
  );
});

it('keeps the newer of two versions', () => {
  const tested = index();
  const base = fc.sample(channelOf, { numRuns: 1, seed: 1 })[0]!;
  const channel = {
    ...base,
    account: 'a',
    id: 'c9',
    enabled: true,
    events: [],
    printers: [],
    tags: [],
    min_severity: null,
    organization: null,
  };
  const event = { ...fc.sample(eventOf, { numRuns: 1, seed: 1 })[0]!, account: 'a', type: 'job.failed', data: {} };
  tested.put({ ...channel, version: 2 });
  tested.put({ ...channel, version: 1, enabled: false });
  expect(due(tested, event)).toEqual(['c9']);
  tested.put({ ...channel, version: 3, enabled: false });
  expect(due(tested, event)).toEqual([]);
});

it('finds whose alarms an event calls off, though they do not select it', () => {
  const tested = index();
  const pushover: Matchable = {
    id: 'alarms',
    account: 'a',
    type: 'pushover',
    organization: null,
    enabled: true,
    version: 1,
    epoch: 1,
    lane: 1,
    events: ['job.failed'],
    min_severity: 'error',
    printers: ['p1'],
    tags: [],
  };
  tested.put(pushover);
  tested.put({ ...pushover, id: 'all', events: [], min_severity: null });
  tested.put({ ...pushover, id: 'off', enabled: false });
  tested.put({ ...pushover, id: 'webhook', type: 'webhook' });
  const event = (type: string, printer = 'p1') =>
    ({ account: 'a', type, severity: 'info', printer: { id: printer } }) as FarmEvent;
  const clears = (given: FarmEvent) => tested.clears(given).map(({ id }) => id);
  expect(clears(event('job.resumed'))).toEqual(['alarms']);
  expect(clears(event('job.succeeded'))).toEqual(['alarms']);
  expect(clears(event('job.started'))).toEqual([]);
  expect(clears(event('job.resumed', 'p2'))).toEqual([]);
  tested.drop('alarms');
  expect(clears(event('job.resumed'))).toEqual([]);
});
