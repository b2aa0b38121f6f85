import { Buckets } from './bucket.js';

it('gives its burst at once, then so many a second', () => {
  const buckets = new Buckets(2, 3);
  expect([1, 2, 3, 4].map(() => buckets.take('a', 1, 1000))).toEqual([0, 0, 0, 1]);
  expect(buckets.take('b', 1, 1000)).toBe(0);
  expect([buckets.take('a', 1, 1500), buckets.take('a', 1, 1500)]).toEqual([0, 1]);
});

it('lets one large take through and then waits until it is paid back', () => {
  const buckets = new Buckets(10, 10);
  expect(buckets.take('a', 1000, 0)).toBe(0);
  const wait = buckets.wait('a', 0);
  expect(wait).toBe(100);
  expect([buckets.take('a', 1, 98_000), buckets.take('a', 1, wait * 1000)]).toEqual([2, 0]);
});

it('takes back what was given for nothing, up to its burst', () => {
  const buckets = new Buckets(1, 2);
  expect([1, 2, 3].map(() => buckets.take('a', 1, 0))).toEqual([0, 0, 1]);
  buckets.give('a', 1, 0);
  expect([buckets.take('a', 1, 0), buckets.take('a', 1, 0)]).toEqual([0, 1]);
  buckets.give('a', 9, 0);
  expect([1, 2, 3].map(() => buckets.take('a', 1, 0))).toEqual([0, 0, 1]);
});

it('forgets the one untouched longest when there are too many', () => {
  const buckets = new Buckets(1, 2, 2);
  for (const [key, cost] of [
    ['a', 1],
    ['b', 2],
    ['a', 1],
    ['c', 2],
  ] as const)
    buckets.take(key, cost, 0);
  expect(['a', 'b', 'c'].map((key) => buckets.wait(key, 0))).toEqual([1, 0, 1]);
});
