import fc from 'fast-check';
import { type QuietHours, quietHoursSchema, weekdays } from '#contracts';
import { windowAt } from './window.js';

const hoursOf = (timezone: string, start: string, end: string, more: object = {}): QuietHours =>
  quietHoursSchema.parse({ timezone, start, end, ...more });
const told = (hours: QuietHours, at: number) => {
  const { window, until } = windowAt(hours, new Date(at));
  return {
    window: window && { starts: window.starts.toISOString(), ends: window.ends.toISOString() },
    until: until.toISOString(),
  };
};

describe('the very instants', () => {
  // zone, start, end, then the window in UTC; each zone's change of that night is said above it
  it.each<[string, string, string, string, string, object?]>([
    ['UTC', '22:00', '07:00', '2026-05-01T22:00Z', '2026-05-02T07:00Z'],
    ['UTC', '09:00', '17:00', '2026-05-01T09:00Z', '2026-05-01T17:00Z'],
    ['Asia/Kolkata', '22:00', '06:30', '2026-05-01T16:30Z', '2026-05-02T01:00Z'],
    ['UTC', '22:00', '07:00', '2026-05-01T22:00Z', '2026-05-02T07:00Z', { days: ['fri'] }],
    // 2026-03-29 02:00 -> 03:00, at 01:00 UTC
    ['Europe/Berlin', '22:00', '07:00', '2026-03-28T21:00Z', '2026-03-29T05:00Z'],
    ['Europe/Berlin', '02:30', '07:00', '2026-03-29T01:00Z', '2026-03-29T05:00Z'],
    ['Europe/Berlin', '22:00', '02:30', '2026-03-28T21:00Z', '2026-03-29T01:00Z'],
    ['Europe/Berlin', '02:00', '03:30', '2026-03-29T01:00Z', '2026-03-29T01:30Z'],
    // 2026-10-25 03:00 -> 02:00, at 01:00 UTC
    ['Europe/Berlin', '22:00', '07:00', '2026-10-24T20:00Z', '2026-10-25T06:00Z'],
    ['Europe/Berlin', '02:30', '07:00', '2026-10-25T00:30Z', '2026-10-25T06:00Z'],
    ['Europe/Berlin', '22:00', '02:30', '2026-10-24T20:00Z', '2026-10-25T01:30Z'],
    ['Europe/Berlin', '02:15', '02:45', '2026-10-25T00:15Z', '2026-10-25T01:45Z'],
    ['Europe/Berlin', '22:00', '03:00', '2026-10-24T20:00Z', '2026-10-25T02:00Z'],
    ['Europe/Berlin', '02:40', '02:10', '2026-10-24T00:40Z', '2026-10-25T01:10Z'],
    ['Europe/Berlin', '02:40', '02:10', '2026-10-25T01:10Z', '2026-10-26T01:10Z'],
    // alone, it has its whole length
    ['Europe/Berlin', '02:40', '02:10', '2026-10-25T00:40Z', '2026-10-26T01:10Z', { days: ['sun'] }],
    // 2026-03-08 02:00 -> 03:00, at 07:00 UTC; 2026-11-01 02:00 -> 01:00, at 06:00 UTC
    ['America/New_York', '02:30', '08:00', '2026-03-08T07:00Z', '2026-03-08T12:00Z'],
    ['America/New_York', '01:30', '08:00', '2026-11-01T05:30Z', '2026-11-01T13:00Z'],
    ['America/New_York', '20:00', '01:30', '2026-11-01T00:00Z', '2026-11-01T06:30Z'],
    // 2026-04-05 02:00 -> 01:30, at 15:00 UTC the day before; 2026-10-04 02:00 -> 02:30, at 15:30 UTC the day before
    ['Australia/Lord_Howe', '01:45', '06:00', '2026-04-04T14:45Z', '2026-04-04T19:30Z'],
    ['Australia/Lord_Howe', '22:00', '01:45', '2026-04-04T11:00Z', '2026-04-04T15:15Z'],
    ['Australia/Lord_Howe', '02:15', '06:00', '2026-10-03T15:30Z', '2026-10-03T19:00Z'],
    // midnight: 2018-11-04 00:00 -> 01:00, at 03:00 UTC; 2018-02-18 00:00 -> 23:00 the day before, at 02:00 UTC
    ['America/Sao_Paulo', '00:00', '06:00', '2018-11-04T03:00Z', '2018-11-04T08:00Z', { days: ['sun'] }],
    ['America/Sao_Paulo', '22:00', '00:00', '2018-11-04T01:00Z', '2018-11-04T03:00Z', { days: ['sat'] }],
    ['America/Sao_Paulo', '23:00', '07:00', '2018-02-18T01:00Z', '2018-02-18T10:00Z', { days: ['sat'] }],
    ['America/Sao_Paulo', '23:30', '23:45', '2018-02-18T01:30Z', '2018-02-18T02:45Z'],
    // 2026-03-29 00:00 -> 01:00, at 22:00 UTC the day before
    ['Asia/Beirut', '00:30', '06:00', '2026-03-28T22:00Z', '2026-03-29T03:00Z'],
    // 2026-04-24 00:00 -> 01:00, at 22:00 UTC the day before; 2026-10-30 00:00 -> 23:00 the day before, at 21:00 UTC
    ['Africa/Cairo', '00:00', '05:00', '2026-04-23T22:00Z', '2026-04-24T02:00Z', { days: ['fri'] }],
    ['Africa/Cairo', '23:30', '05:00', '2026-10-29T20:30Z', '2026-10-30T03:00Z', { days: ['thu'] }],
    // 2010-11-07 00:01 -> 23:01 the day before, at 02:31 UTC: Sunday's window goes on while the clocks show Saturday again
    ['America/St_Johns', '00:00', '06:00', '2010-11-07T02:30Z', '2010-11-07T09:30Z', { days: ['sun'] }],
    // there was no 2011-12-30: the clocks went from the 29th to the 31st at 10:00 UTC
    ['Pacific/Apia', '22:00', '07:00', '2011-12-30T08:00Z', '2011-12-30T10:00Z'],
    ['Pacific/Apia', '22:00', '07:00', '2011-12-30T10:00Z', '2011-12-30T17:00Z'],
    ['Pacific/Apia', '12:00', '13:00', '2011-12-30T22:00Z', '2011-12-30T23:00Z'],
  ])('%s %s to %s: %s to %s', (zone, start, end, starts, ends, ...[more]) => {
    const hours = hoursOf(zone, start, end, more);
    const [first, last] = [Date.parse(starts), Date.parse(ends)];
    const window = { starts: new Date(first).toISOString(), ends: new Date(last).toISOString() };
    for (const at of [first, Math.floor((first + last) / 2), last - 1])
      expect(told(hours, at)).toEqual({ window, until: window.ends });
    for (const at of [first - 1, last]) expect(told(hours, at).window).not.toEqual(window);
    const { window: before, until } = told(hours, first - 1);
    expect([until, before === null || before.ends === until]).toEqual([window.starts, true]);
  });

  it('has no window on a day whose clocks skip it as a whole, and knows the next one', () => {
    const daily = hoursOf('Europe/Berlin', '02:15', '02:45');
    expect(told(daily, Date.parse('2026-03-28T01:45Z'))).toEqual({ window: null, until: '2026-03-30T00:15:00.000Z' });
    const weekly = hoursOf('Europe/Berlin', '02:15', '02:45', { days: ['sun'] });
    expect(told(weekly, Date.parse('2026-03-22T01:45Z'))).toEqual({ window: null, until: '2026-04-05T00:15:00.000Z' });
    const midday = hoursOf('Pacific/Apia', '12:00', '13:00');
    expect(told(midday, Date.parse('2011-12-29T23:00Z'))).toEqual({ window: null, until: '2011-12-30T22:00:00.000Z' });
  });

  it('goes on with a window while the clocks show, for a minute, the day after its last', () => {
    const friday = hoursOf('America/St_Johns', '23:45', '23:30', { days: ['fri'] });
    const window = { starts: '2010-11-06T02:15:00.000Z', ends: '2010-11-07T03:00:00.000Z' };
    // Sunday 00:00:30, and a minute later Saturday 23:01:30
    for (const at of ['2010-11-07T02:30:30Z', '2010-11-07T02:31:30Z'])
      expect(told(friday, Date.parse(at))).toEqual({ window, until: window.ends });
  });

  it.each<[string, QuietHours]>([
    ['off', quietHoursSchema.parse({ enabled: false })],
    ['off, whatever else is set', hoursOf('UTC', '00:00', '23:59', { enabled: false })],
    ['start = end', hoursOf('UTC', '22:00', '22:00')],
  ])('is never quiet: %s', (_, hours) => {
    const now = Date.parse('2026-05-01T22:00Z');
    const { window, until } = windowAt(hours, new Date(now));
    expect([window, until.getTime() > now + 1000 * 365 * 86_400_000]).toEqual([null, true]);
  });
});

describe('whatever is set, wherever and whenever', () => {
  const two = (n: number) => String(n).padStart(2, '0');
  const time = fc.oneof(
    fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 })).map(([h, m]) => `${two(h)}:${two(m)}`),
    // where clocks are changed
    fc.constantFrom('00:00', '00:30', '01:30', '01:45', '02:00', '02:10', '02:30', '02:40', '03:00', '23:00', '23:30', '23:59'),
  );
  const hours = fc
    .record({
      timezone: fc.oneof(
        fc.constantFrom('Europe/Berlin', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Africa/Cairo', 'Antarctica/Troll'),
        fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
      ),
      start: time,
      end: time,
      days: fc.subarray([...weekdays]),
    })
    .filter(({ start, end }) => start !== end)
    .map((given) => quietHoursSchema.parse(given));
  const instant = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2037, 0, 1) });
  const part = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

  it('holds what it says: starts <= at < ends, and the same answer up to `until`, and another one there', () => {
    fc.assert(
      fc.property(hours, instant, part, (set, at, some) => {
        const { window, until } = told(set, at);
        const end = Date.parse(until);
        expect(end).toBeGreaterThan(at);
        if (window) expect([Date.parse(window.starts) <= at, window.ends]).toEqual([true, until]);
        for (const later of [at + Math.floor((end - at) * some), end - 1]) expect(told(set, later)).toEqual({ window, until });
        const next = told(set, end).window;
        if (window === null) expect(next?.starts).toBe(until);
        else expect(next === null || next.starts === until).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('has windows in order, of which none overlaps the next and none is longer than a day and what clocks are put back by', () => {
    fc.assert(
      fc.property(hours, instant, (set, from) => {
        let last = 0;
        for (let [at, n] = [from, 0]; n < 12; n++) {
          const { window, until } = windowAt(set, new Date(at));
          if (window) {
            expect(window.starts.getTime()).toBeGreaterThanOrEqual(last);
            last = window.ends.getTime();
            // at most a day, and what clocks are put back by
            expect(last - window.starts.getTime()).toBeLessThanOrEqual(27 * 3600_000);
          }
          at = until.getTime();
        }
        expect(last).toBeGreaterThan(from);
      }),
      { numRuns: 200 },
    );
  });
});
