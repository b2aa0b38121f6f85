import { Pace } from './pace.js';

it('is quick until it shows otherwise, and again when it shows that', () => {
  let now = 0;
  const pace = new Pace(() => now);
  const ends = (times: number, every: number) => {
    for (let i = 0; i < times; i++) {
      now += every;
      pace.ended();
    }
    return pace.quick;
  };
  expect(pace.quick).toBe(true);
  expect(ends(20, 40)).toBe(true);
  expect(ends(20, 100)).toBe(false);
  expect(ends(20, 10)).toBe(true);
});

it('is slow when nothing ends for two seconds, unless nothing was in hand', () => {
  let now = 0;
  const pace = new Pace(() => now);
  now = 2000;
  expect(pace.quick).toBe(false);
  pace.begins();
  expect(pace.quick).toBe(true);
});
