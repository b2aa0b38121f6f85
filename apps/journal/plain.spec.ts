import { plainJson, plainTime } from './plain.js';

describe('JSON that PostgreSQL takes', () => {
  it.each([
    ['a\0b', 'ab'],
    ['a\\u0000b', 'a\\u0000b'],
    ['a\\\0b', 'a\\b'],
    ['half \ud83d of one', 'half \ufffd of one'],
    ['\udc00', '\ufffd'],
    ['a whole one: 😀', 'a whole one: 😀'],
    ['\\ud83d as text', '\\ud83d as text'],
  ])('%j becomes %j', (given, kept) => {
    expect(JSON.parse(plainJson({ [given]: given }))).toEqual({ [kept]: kept });
  });
});

describe('times that PostgreSQL takes', () => {
  it.each([
    ['2026-03-01T13:00:00+01:00', '2026-03-01T12:00:00.000Z'],
    ['0000-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['yesterday', undefined],
    [undefined, undefined],
  ])('%j becomes %j', (given, kept) => {
    expect(plainTime(given)).toBe(kept);
  });
});
