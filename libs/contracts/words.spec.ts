import { between, clipped, duration, grams, named, percent, shows, unended } from './words.js';

it.each([
  [0, '0s'],
  [45.4, '45s'],
  [59.6, '1m'],
  [60, '1m'],
  [3599, '59m'],
  [3600, '1h'],
  [4980, '1h 23m'],
  [86_399, '23h 59m'],
  [86_400, '1d'],
  [187_200, '2d 4h'],
])('%d seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));

it.each([
  [0, '0 %'],
  [42.4, '42 %'],
  [42.5, '43 %'],
  [99.7, '99 %'],
  [100, '100 %'],
])('%d of a hundred is %s', (value, text) => expect(percent(value)).toBe(text));

it.each([
  [0.1 + 0.2, '0.3 g'],
  [12.5, '12.5 g'],
  [99.96, '100 g'],
  [812.34, '812 g'],
])('%d grams are %s', (value, text) => expect(grams(value)).toBe(text));

it.each([
  ['a', true],
  [' 🖨️ ', true],
  ['', false],
  [' \r\n\t\u00a0\u3000', false],
  ['\u200b\u2060\ufeff\u202e\u0001', false],
])('%j shows: %s', (text, answer) => expect(shows(text)).toBe(answer));

it('takes the first name that shows, on one line', () => {
  expect(named(undefined, '', ' \u200b', ' a \n b ', 'c')).toBe('a b');
  expect(named(undefined, ' ')).toBeUndefined();
});

it.each([
  ['Clogged.', 'Clogged'],
  ['Really?! …', 'Really'],
  ['a.b', 'a.b'],
  ['...', ''],
])('%j goes into a sentence as %j', (text, bare) => expect(unended(text)).toBe(bare));

it('cuts between code points', () => {
  expect(clipped('🖨🖨🖨', 3)).toBe('🖨🖨🖨');
  expect(clipped('🖨🖨🖨', 2)).toBe('🖨…');
});

it.each([
  ['2026-03-01T10:00:00Z', '2026-03-01T12:30:00+01:00', 5400],
  ['2026-03-01T10:00:00Z', '2026-03-01T09:59:59Z', undefined],
  [undefined, '2026-03-01T10:00:00Z', undefined],
  ['2026-03-01T10:00:00Z', undefined, undefined],
])('from %s to %s are %s seconds', (start, end, seconds) => expect(between(start, end)).toBe(seconds));
