import { setFlagsFromString } from 'node:v8';

it('compiles what begins with another object so that all of it has one hidden class', () => {
  setFlagsFromString('--allow-natives-syntax');
  const areOfOneClass = new Function('one', 'other', 'return %HaveSameMap(one, other)') as (
    one: object,
    other: object,
  ) => boolean;
  const event = { id: 'e1', type: 'job.failed' };
  const made = (n: number) => ({ ...event, attempt: n, lane: 3 });
  // the engine learns from the first ones
  const [one, other] = Array.from({ length: 50 }, (_, n) => made(n)).slice(-2);
  expect(one).toEqual({ id: 'e1', type: 'job.failed', attempt: 48, lane: 3 });
  expect(areOfOneClass(one!, other!)).toBe(true);
});
