import { TelegramRates, usualLimits } from './telegram-limits.js';

describe("Telegram's limits", () => {
  let now = 0;
  let rates: TelegramRates;
  beforeEach(() => {
    now = 1_000_000;
    rates = new TelegramRates(usualLimits, () => now);
  });
  const person = (id: number) => ({ id, type: 'private' });

  it('are one message a second in a chat', () => {
    expect(rates.admit('b', person(1))).toBeUndefined();
    now += 400;
    expect(rates.admit('b', person(1))).toBe(1);
    expect(rates.admit('b', person(2))).toBeUndefined();
    expect(rates.admit('other', person(1))).toBeUndefined();
    now += 600;
    expect(rates.admit('b', person(1))).toBeUndefined();
  });

  it('are 20 a minute in a group', () => {
    for (let n = 0; n < 20; n += 1) {
      expect(rates.admit('b', { id: -1, type: 'supergroup' })).toBeUndefined();
      now += 1_000;
    }
    expect(rates.admit('b', { id: -1, type: 'supergroup' })).toBe(40);
    now += 40_000;
    expect(rates.admit('b', { id: -1, type: 'supergroup' })).toBeUndefined();
  });

  it('are 30 a second of a bot; what is refused does not count', () => {
    for (let n = 0; n < 30; n += 1) expect(rates.admit('b', person(n))).toBeUndefined();
    for (let n = 30; n < 60; n += 1) expect(rates.admit('b', person(n))).toBe(1);
    now += 1_000;
    expect(rates.admit('b', person(60))).toBeUndefined();
  });

  it('let uploads of the very same size wait in a line that must not grow long', () => {
    const upload = (chat: number, bytes: number) => rates.admit('b', person(chat), bytes);
    for (let n = 0; n < 8; n += 1) expect(upload(n, 150_000)).toBeUndefined();
    expect(upload(8, 150_000)).toBe(60);
    expect(upload(8, 150_001)).toBeUndefined();
    for (let n = 9; n < 19; n += 1) expect(upload(n, 100_000)).toBeUndefined();
    now += 2_000;
    expect(upload(20, 150_000)).toBeUndefined();
  });
});
