import { IdFilter } from './id-filter.js';

it('knows all that was added, in however many parts, and hardly anything else', () => {
  const filter = new IdFilter();
  expect(filter.has('default/e1')).toBe(false);
  const count = 250_000;
  for (let i = 0; i < count; i++) filter.add(`default/e${i}`);
  expect(filter.size).toBe(count);
  let known = 0;
  let wrong = 0;
  for (let i = 0; i < count; i++) {
    if (filter.has(`default/e${i}`)) known++;
    if (filter.has(`other/e${i}`)) wrong++;
  }
  expect(known).toBe(count);
  expect(wrong).toBeLessThan(count / 200);
});
