import fc from 'fast-check';
import type { FarmEvent } from '#contracts';
import { createHttp, egressPolicy, type Http, type Part } from '#delivery';
import { fuzz, goodEvent } from '#fuzzing';
import { type TelegramProvider, telegramProvider } from '#testing';
import { telegram } from './index.js';
import { eventOf, jpeg } from './samples.js';

describe('whatever the event, Telegram takes the message', () => {
  let provider: TelegramProvider;
  let http: Http;
  let settings: { bot_token: string; chat_id: string; silent: [] };
  beforeAll(async () => {
    provider = await telegramProvider({ limits: null });
    http = createHttp({ policy: egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] }), userAgent: 'x' });
    settings = { bot_token: provider.newBot(), chat_id: provider.newChat(), silent: [] };
  });
  afterAll(async () => {
    await http.close();
    await provider.close();
  });

  const odd = fc.constantFrom(
    '<',
    '>',
    '&',
    '"',
    '&lt',
    '&#60',
    '</b>',
    '<b>',
    '🚀',
    'é',
    '\n',
    '\r',
    '\t',
    ' ',
    '\u200b',
    '\u202e',
    'a',
    '@x',
    '/x',
  );
  const text = (most: number) =>
    fc.tuple(fc.array(odd, { minLength: 1, maxLength: 8 }), fc.nat(most)).map(([units, n]) => {
      const unit = units.join('');
      return [...unit.repeat(Math.ceil(n / [...unit].length))].slice(0, n).join('');
    });
  const hostile = fc.record(
    {
      title: text(500),
      message: text(8000),
      printer: fc.record({ name: text(300), location: text(1000) }, { requiredKeys: [] }),
      job: fc.record({ name: text(300), error: text(8000), error_code: text(1000) }, { requiredKeys: [] }),
      organization: text(300),
      link: text(900).map((path) => `http://octopi:5000/?${path}`),
    },
    { requiredKeys: [] },
  );
  const events = fc.tuple(goodEvent, hostile).map(([good, more]): FarmEvent => ({ ...eventOf(good), ...more }) as FarmEvent);
  const parts = fc.subarray<Part>(['picture', 'markup', 'thread']).map((some) => new Set(some));

  it.each([
    ['as a text', false],
    ['with a picture', true],
  ])(
    '%s, and its change, whole and in plainer form',
    async (_, pictured) => {
      const sent = async (event: FarmEvent, without: ReadonlySet<Part>, next: FarmEvent) => {
        const picture = pictured && !without.has('picture') ? jpeg() : undefined;
        const sending = { deliveryId: 'd', now: new Date(), http, origin: provider.origin };
        const links = { publicUrl: 'https://farm.example.org', without, ...(picture && { picture: picture.name }) };
        const first = await telegram.send(telegram.render(event, settings, links), settings, {
          ...sending,
          ...(picture && { picture }),
        });
        expect([first.status, first.status === 200 ? '' : first.body]).toEqual([200, '']);
        const edits = telegram.edits?.refOf(first, settings);
        expect(edits).toEqual({
          message_id: provider.messages.at(-1)?.message_id,
          photo: picture !== undefined,
          chat_id: settings.chat_id,
        });
        const second = await telegram.send(telegram.render(next, settings, links), settings, {
          ...sending,
          ...(edits && { edits }),
        });
        expect(telegram.verdict?.(second, settings)).toMatchObject({ outcome: 'delivered' });
      };
      await fc.assert(fc.asyncProperty(events, parts, events, sent), fuzz(80));
    },
    120_000,
  );
});
