import { failuresText, type Verdict, verdict } from './verdict.js';

describe('the verdict', () => {
  it.each<[failures: number, limit: number, gone: boolean, warned: boolean, expected: Verdict]>([
    [0, 10, false, false, 'nothing'],
    [4, 10, false, false, 'nothing'],
    [5, 10, false, false, 'warn'],
    [9, 10, false, false, 'warn'],
    [5, 10, false, true, 'nothing'],
    [9, 10, false, true, 'nothing'],
    [10, 10, false, true, 'disable'],
    [10, 10, false, false, 'disable'],
    [11, 10, false, true, 'disable'],
    [1, 3, false, false, 'nothing'],
    [2, 3, false, false, 'warn'],
    [1, 2, false, false, 'warn'],
    [0, 1, false, false, 'nothing'],
    [1, 1, false, false, 'disable'],
    [0, 10, true, false, 'disable'],
    [5, 10, true, false, 'disable'],
  ])('at %i of %i failures, gone %s, warned %s: %s', (failures, limit, gone, warned, expected) => {
    expect(verdict({ failures, limits: { failures: limit, window_h: 24 }, gone, warned })).toBe(expected);
  });

  it('is said in words', () => {
    expect(failuresText(10, { failures: 10, window_h: 24 }, 'server, HTTP 500')).toBe(
      '10 deliveries failed within 24 hours (last: server, HTTP 500)',
    );
    expect(failuresText(1, { failures: 1, window_h: 1 }, null)).toBe('1 delivery failed within an hour');
  });
});
