import { accept } from '#contracts';
import { accountOf, eventIn, eventOf, printerOf, printers } from './event.js';

it.each([0, 7, 99_999])('event %d is 1,000 bytes that Farmbell accepts, and its body tells which it is', (n) => {
  const event = eventOf(n, { run: 12, accounts: 1, type: 'job.started' });
  const accepted = accept(event, { account: 'default', now: new Date(), newId: () => 'none', printer: () => undefined });
  expect(accepted).toMatchObject({ event: { id: `bench:12:${n}` } });
  const body = Buffer.from(JSON.stringify(event));
  expect(body.length).toBe(1000);
  expect(eventIn(body)).toEqual({ run: 12, n });
  expect(eventIn(Buffer.from(JSON.stringify({ account: 'default', event })))).toEqual({ run: 12, n });
});

it.each(['', '{"id":"other"}', '"bench:1:', '"bench:x:1"'])('the body %j carries none', (text) => {
  expect(eventIn(Buffer.from(text))).toBeUndefined();
});

it('lets accounts take turns, and in each account its printers', () => {
  expect([0, 1, 2, 3, 4].map((n) => accountOf(n, 3))).toEqual(['account-0', 'account-1', 'account-2', 'account-0', 'account-1']);
  expect(accountOf(7, 1)).toBe('default');
  expect([0, 1, 2, 3, 4].map((n) => printerOf(n, 3))).toEqual([0, 0, 0, 1, 1]);
  expect(new Set(Array.from({ length: 200 }, (_, n) => printerOf(n, 1))).size).toBe(printers);
});
