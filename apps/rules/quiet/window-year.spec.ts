import { type QuietHours, type QuietHoursOn, quietHoursSchema, weekdays } from '#contracts';
import { windowAt } from './window.js';

/** Every half hour of a year, as the clocks of a zone show it; `twice`: they show this again, an hour later or earlier. */
interface Shown {
  at: number;
  time: string;
  weekday: number;
  twice: boolean;
}

function yearOf(zone: string, year: number): Shown[] {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const seen = new Map<string, number>();
  const all: (Omit<Shown, 'twice'> & { text: string })[] = [];
  for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += 30 * 60_000) {
    const text = format.format(at);
    seen.set(text, (seen.get(text) ?? 0) + 1);
    const weekday = weekdays.indexOf(text.slice(0, 3).toLowerCase() as (typeof weekdays)[number]);
    all.push({ at, text, weekday, time: text.slice(-5) });
  }
  return all.map(({ text, ...rest }) => ({ ...rest, twice: seen.get(text)! > 1 }));
}

/** The plain definition, by what a clock and a calendar on the wall say. */
function isQuiet({ start, end, days }: QuietHoursOn, { time, weekday }: Shown): boolean {
  const on = (day: number) => days.length === 0 || days.includes(weekdays[(day + 7) % 7]!);
  if (start < end) return time >= start && time < end && on(weekday);
  return (time >= start && on(weekday)) || (time < end && on(weekday - 1));
}

const hours: object[] = [
  { start: '22:00', end: '07:00' },
  { start: '09:00', end: '17:00', days: ['mon', 'tue', 'wed', 'thu', 'fri'] },
  { start: '23:30', end: '00:30', days: ['fri', 'sat'] },
  { start: '00:00', end: '06:00', days: ['sun'] },
  { start: '18:00', end: '00:00' },
  { start: '02:30', end: '08:00' },
  { start: '22:00', end: '02:15' },
  { start: '01:40', end: '02:20', days: ['sat', 'sun', 'thu', 'fri'] },
  { start: '02:40', end: '02:10' },
  { start: '00:00', end: '23:59' },
];

let turn = 0;

it.each([
  ['UTC', 2026, 0],
  ['Europe/Berlin', 2026, 4],
  ['America/Santiago', 2026, 4],
  ['Australia/Lord_Howe', 2026, 2],
  ['Pacific/Chatham', 2026, 4],
  // two hours at once
  ['Antarctica/Troll', 2026, 8],
  // back for Ramadan
  ['Africa/Casablanca', 2026, 4],
  // at midnight
  ['America/Sao_Paulo', 2018, 4],
  ['Asia/Beirut', 2026, 4],
  // a minute after it
  ['America/St_Johns', 2010, 4],
  // over the date line
  ['Pacific/Apia', 2011, 4],
])('%s in %i: quiet is when the clocks on the wall say so', (timezone, year, doubled) => {
  const instants = yearOf(timezone, year);
  expect(instants.filter(({ twice }) => twice)).toHaveLength(doubled);
  // a third of them in each zone, each in a third of the zones
  const mine = turn++;
  const some = hours.filter((_, n) => (n + mine) % 3 === 0);
  for (const one of some) {
    const set = quietHoursSchema.parse({ timezone, ...one }) as QuietHoursOn;
    const wrong: string[] = [];
    let standing = windowAt(set, new Date(instants[0]!.at));
    let ends = 0;
    for (const shown of instants) {
      if (shown.at >= standing.until.getTime()) standing = windowAt(set, new Date(shown.at));
      const { window } = standing;
      // of what is shown twice, a window takes the first as its start and the last as its end: it is longer, never shorter
      const longer = shown.twice && window !== null;
      if (!longer && (window !== null) !== isQuiet(set, shown)) wrong.push(`${new Date(shown.at).toISOString()}, ${shown.time}`);
      if (!window || window.ends.getTime() === ends) continue;
      if (window.starts.getTime() < ends || window.starts.getTime() > shown.at)
        wrong.push(`starts ${window.starts.toISOString()}`);
      ends = window.ends.getTime();
    }
    expect([one, wrong]).toEqual([one, []]);
  }
});

/** The walk above rests on this. */
it('has answers that hold up to the instant that they say', () => {
  const set: QuietHours = quietHoursSchema.parse({ timezone: 'Europe/Berlin', start: '22:00', end: '07:00' });
  const text = (at: number) => JSON.stringify(windowAt(set, new Date(at)));
  for (let at = Date.UTC(2026, 9, 23); at < Date.UTC(2026, 9, 28); at += 7 * 60_000) {
    const until = windowAt(set, new Date(at)).until.getTime();
    expect(text(until - 1)).toBe(text(at));
    expect(text(until)).not.toBe(text(at));
  }
});
