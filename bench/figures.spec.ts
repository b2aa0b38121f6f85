import { median, medians, percentile } from './figures.js';

it.each([
  [[5], 5],
  [[9, 1, 5], 5],
  [[10, 9, 100], 10],
  [[4, 1, 3, 2], 2.5],
])('the median of %j is %d', (values, expected) => {
  const given = [...values];
  expect(median(values)).toBe(expected);
  expect(values).toEqual(given);
});

it.each([
  [0.5, 50],
  [0.99, 99],
  [0.991, 100],
  [1, 100],
  [0, 1],
])('the share %d of 1 to 100 does not exceed %d', (share, expected) => {
  const values = Float64Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(percentile(values, share)).toBe(expected);
});

it('of nothing there is neither', () => {
  expect(() => median([])).toThrow(/nothing/);
  expect(() => percentile(new Float64Array(), 0.5)).toThrow(/nothing/);
});

it('takes the median of each key over those that have it', () => {
  expect(medians([{ a: 1, b: 10 }, { a: 3 }, { a: 2, b: 20 }])).toEqual({ a: 2, b: 15 });
  expect(medians([])).toEqual({});
});
