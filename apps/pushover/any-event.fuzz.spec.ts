import fc from 'fast-check';
import { accept, type FarmEvent } from '#contracts';
import { createHttp, egressPolicy } from '#delivery';
import { fuzz, goodEvent, hostileText } from '#fuzzing';
import { type PushoverProvider, pushoverProvider } from '#testing';
import { pushover } from './index.js';
import { chosen } from './samples.js';

const policy = egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] });
const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0]);

/** Texts that an event may hold: whole, without U+0000, as long as the envelope allows. */
const text = (most: number) =>
  fc
    .oneof(
      hostileText,
      fc.string({
        unit: fc.constantFrom('\n', '\r', '\r\n', ' ', '\u200b', '🖨', 'a', '<', '&', ','),
        minLength: 900,
        maxLength: 1200,
      }),
    )
    .map((any) => [...any.replaceAll('\0', '').toWellFormed()].slice(0, most).join(''));
const link = fc
  .string({ unit: fc.constantFrom('a', '%20', 'ü', '🖨', '/', '&'), maxLength: 300 })
  .map((path) => [...`http://octopi:5000/${path}`].slice(0, 1000).join(''));
const given = fc.record({
  priority: fc.constantFrom(-2, -1, 0, 1, 2, 'auto'),
  device: fc.constantFrom(undefined, 'iphone', 'gone,iphone'),
  sound: fc.constantFrom(undefined, 'siren', 'not-there'),
});

describe('whatever the event', () => {
  let provider: PushoverProvider;
  const http = createHttp({ policy, userAgent: 'Farmbell/test' });
  beforeAll(async () => {
    provider = await pushoverProvider({ limits: null });
  });
  afterAll(async () => {
    await http.close();
    await provider.close();
  });

  it('Pushover takes the message, with a picture and without', async () => {
    const [app_token, user_key] = [provider.appToken(), provider.userKey()];
    const texts = fc.record({ title: text(500), message: text(8000), name: text(300), location: text(1000), link });
    await fc.assert(
      fc.asyncProperty(goodEvent, texts, given, fc.boolean(), async (input, odd, more, withPicture) => {
        const accepted = accept(input, { account: 'default', now: new Date('2026-03-01T12:00:00Z'), newId: () => 'e-1' });
        if ('errors' in accepted) throw new Error(JSON.stringify(accepted.errors));
        const { name, location, ...own } = odd;
        const event: FarmEvent = { ...accepted.event, ...own, printer: { ...accepted.event.printer, name, location } };
        const settings = chosen({ app_token, user_key, ...more });
        const reply = await pushover.send(pushover.render(event, settings, { publicUrl: '' }), settings, {
          deliveryId: 'd1',
          now: new Date(),
          http,
          origin: provider.origin,
          ...(withPicture && { picture: { bytes: jpeg, content_type: 'image/jpeg', name: 'snapshot.jpg' } }),
        });
        expect([reply.status, reply.body]).toEqual([200, expect.stringContaining('"status":1')]);
        expect(pushover.receipts?.of(reply) !== undefined).toBe(provider.messages.at(-1)?.fields.priority === '2');
      }),
      fuzz(150),
    );
  }, 600_000);
});
