import { channelCreateSchema, checked, quietHoursSchema } from './index.js';

const night = { start: '22:00', end: '07:00', timezone: 'Europe/Berlin' };
const rest = { days: [], digest: true, allow_severity: 'critical' };
const made = (body: unknown) => checked(quietHoursSchema, body);
const told = (body: unknown) => {
  const answer = made(body);
  return 'errors' in answer ? Object.fromEntries(answer.errors.map(({ path, message }) => [path, message])) : {};
};

it.each<[string, object, object]>([
  ['that lack `enabled` are on', night, { ...night, ...rest, enabled: true }],
  ['on', { ...night, enabled: true }, { ...night, ...rest, enabled: true }],
  ['off, and no more said', { enabled: false }, { ...rest, enabled: false }],
  ['off, the rest kept', { ...night, enabled: false }, { ...night, ...rest, enabled: false }],
  [
    'with all there is',
    { ...night, days: ['sun', 'mon'], digest: false, allow_severity: null },
    { ...night, enabled: true, days: ['sun', 'mon'], digest: false, allow_severity: null },
  ],
  ['that start when they end', { ...night, end: '22:00' }, { ...night, ...rest, end: '22:00', enabled: true }],
])('takes quiet hours %s', (_, body, expected) => expect(made(body)).toEqual({ data: expected }));

const time = "must be a time of day as HH:MM, e.g. '22:00'";
const zone = "must be a time zone of the IANA database, e.g. 'Europe/Berlin', 'America/New_York' or 'UTC'";
const whole = 'must be an object such as {"start": "22:00", "end": "07:00", "timezone": "Europe/Berlin"} or {"enabled": false}';
const days = "must be a list of days, e.g. ['fri', 'sat']; empty: every day";
const day = 'must be one of mon, tue, wed, thu, fri, sat, sun';

it.each<[string, unknown, Record<string, string>]>([
  ['nothing', {}, { start: `is required: ${time}`, end: `is required: ${time}`, timezone: `is required: ${zone}` }],
  [
    'on, and no more said',
    { enabled: true },
    { start: `is required: ${time}`, end: `is required: ${time}`, timezone: `is required: ${zone}` },
  ],
  ['no zone', { start: '22:00', end: '07:00' }, { timezone: `is required: ${zone}` }],
  ['null as a zone', { ...night, timezone: null }, { timezone: zone }],
  ['a wrong `enabled`', { ...night, enabled: 'yes' }, { enabled: 'must be true or false; left out, it is true' }],
  ['null as `enabled`', { ...night, enabled: null }, { enabled: 'must be true or false; left out, it is true' }],
  ['a text', 'night', { '': whole }],
  ['a list', [night], { '': whole }],
  ['null', null, { '': whole }],
  ['an unknown key', { ...night, from: '1' }, { from: 'is not a known key' }],
  ['a wrong time though off', { enabled: false, start: '7' }, { start: time }],
  ['one day', { ...night, days: 'fri' }, { days }],
  ['no day', { ...night, days: null }, { days }],
  ['days of other names', { ...night, days: ['mon', 'Tuesday', 3] }, { 'days[1]': day, 'days[2]': day }],
  [
    'eight days',
    { ...night, days: Array(8).fill('mon') },
    { days: 'names more days than a week has: leave it empty for every day' },
  ],
  ['a wrong digest', { ...night, digest: 'no' }, { digest: 'must be true or false' }],
  [
    'a wrong severity',
    { ...night, allow_severity: 'fatal' },
    { allow_severity: 'must be one of info, success, warning, error, critical, or null: nothing gets through' },
  ],
])('refuses %s, and says what would do', (_, body, expected) => expect(told(body)).toEqual(expected));

it.each(['24:00', '7:00', '22:60', '22', '22:00:00', ' 22:00', '22:00\n', '٢٢:٠٠', 'ten', '', 2200])(
  '%j is no time of day',
  (start) => expect(told({ ...night, start })).toEqual({ start: time }),
);

it.each([
  'UTC',
  'GMT',
  'EST',
  'CET',
  'PST8PDT',
  'W-SU',
  'Asia/Kolkata',
  'Asia/Calcutta',
  'Etc/GMT+5',
  'America/Argentina/Buenos_Aires',
])('%s is a time zone', (timezone) => expect(made({ ...night, timezone })).toMatchObject({ data: { timezone } }));

it.each([
  ...['', 'Berlin', 'Europe/Atlantis', 'Europe/Berlin ', 'local', 'Z', '+01:00', 'UTC+1', 'GMT+02:00', '5', 'Etc/Unknown', 5],
  // whose? India's, Israel's, Ireland's; what `Intl` makes of each is its own secret
  ...['IST', 'PST', 'BST', 'CST', 'JST', 'SystemV/PST8PDT'],
  'x'.repeat(10_000),
])('%.40j is no time zone', (timezone) => expect(told({ ...night, timezone })).toEqual({ timezone: zone }));

it('knows every zone that this Node.js knows by its name', () => {
  const zones = Intl.supportedValuesOf('timeZone');
  expect(zones.length).toBeGreaterThan(300);
  expect(zones.filter((timezone) => 'errors' in made({ ...night, timezone }))).toEqual([]);
});

it("are a channel's own too: null for none", () => {
  const channel = { name: 'n', type: 'discord', settings: {} };
  expect(checked(channelCreateSchema, { ...channel, quiet_hours: null })).toMatchObject({ data: { quiet_hours: null } });
  expect(checked(channelCreateSchema, { ...channel, quiet_hours: night })).toMatchObject({
    data: { quiet_hours: { enabled: true } },
  });
  expect(checked(channelCreateSchema, { ...channel, quiet_hours: { ...night, end: '7' } })).toEqual({
    errors: [{ path: 'quiet_hours.end', message: time }],
  });
});
