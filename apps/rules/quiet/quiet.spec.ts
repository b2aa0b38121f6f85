import type { QuietHours } from '#contracts';
import type { Matchable } from '../match.js';
import { Quiet, type QuietRow } from './quiet.js';

const night: QuietHours = {
  enabled: true,
  start: '22:00',
  end: '07:00',
  timezone: 'UTC',
  days: [],
  digest: true,
  allow_severity: 'critical',
};
const off: QuietHours = { enabled: false, days: [], digest: true, allow_severity: 'critical' };
const channel = (more: Partial<Matchable> = {}) =>
  ({ id: 'c1', account: 'a', organization: null, quiet_hours: null, ...more }) as Matchable;
const midnight = new Date('2026-03-02T00:00:00Z');
const noon = new Date('2026-03-02T12:00:00Z');

async function quietOf(...rows: [account: string, organization: string, settings: QuietHours][]) {
  const held: QuietRow[] = rows.map(([account, organization, settings]) => ({ account, organization, settings }));
  const quiet = new Quiet({
    all: async () => held,
    ofAccount: async (account) => held.filter((row) => row.account === account),
  });
  await quiet.load();
  return { quiet, held };
}

it("takes the channel's own quiet hours, else its organization's, else its account's, also where they are off", async () => {
  const { quiet } = await quietOf(['a', '', night], ['a', 'school', off], ['b', '', off]);
  const isQuiet = (one: Matchable) => quiet.windowOf(one, midnight) !== null;
  expect(isQuiet(channel())).toBe(true);
  expect(isQuiet(channel({ organization: 'office' }))).toBe(true);
  expect(isQuiet(channel({ organization: 'school' }))).toBe(false);
  expect(isQuiet(channel({ organization: 'school', quiet_hours: night }))).toBe(true);
  expect(isQuiet(channel({ quiet_hours: off }))).toBe(false);
  expect(isQuiet(channel({ account: 'b' }))).toBe(false);
  expect(isQuiet(channel({ account: 'nobody' }))).toBe(false);
});

it('lets through what is as grave as allow_severity, nothing where it is null, and a digest always', async () => {
  const { quiet } = await quietOf(
    ['a', '', night],
    ['all', '', { ...night, allow_severity: null }],
    ['b', '', { ...night, allow_severity: 'warning' }],
  );
  const held = (account: string, severity: 'info' | 'warning' | 'error' | 'critical', at = midnight, type = 'job.failed') =>
    quiet.holds(channel({ account }), { type, severity }, at) !== null;
  expect([held('a', 'error'), held('a', 'critical'), held('a', 'error', noon)]).toEqual([true, false, false]);
  expect([held('all', 'critical'), held('all', 'info', midnight, 'channel.digest')]).toEqual([true, false]);
  expect([held('b', 'info'), held('b', 'warning'), held('b', 'error')]).toEqual([true, false, false]);
});

it('keeps to what was read last, says whose changed, and is right for any instant in any order', async () => {
  const { quiet, held } = await quietOf(['a', '', night]);
  expect([...quiet.changed]).toEqual(['a']);
  quiet.changed.clear();
  const starts = (at: Date) => quiet.windowOf(channel(), at)?.starts.toISOString();
  expect([starts(noon), starts(midnight), starts(noon)]).toEqual([undefined, '2026-03-01T22:00:00.000Z', undefined]);
  held[0] = { account: 'a', organization: '', settings: { ...night, start: '23:30' } };
  await quiet.refresh('a');
  expect([starts(midnight), [...quiet.changed]]).toEqual(['2026-03-01T23:30:00.000Z', ['a']]);
  held.pop();
  await quiet.refresh('a');
  expect(starts(midnight)).toBeUndefined();
});
