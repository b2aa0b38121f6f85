import fc from 'fast-check';
import { accept, type FarmEvent } from '#contracts';
import { createHttp, egressPolicy, type Part } from '#delivery';
import { fuzz, goodEvent, hostileText } from '#fuzzing';
import { type SlackProvider, slackProvider } from '#testing';
import { slack } from './index.js';

const http = createHttp({
  policy: egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] }),
  userAgent: 'Farmbell/1',
});
let provider: SlackProvider;
beforeAll(async () => {
  provider = await slackProvider({ limits: null });
});
afterAll(async () => {
  await http.close();
  await provider.close();
});

/** What an event may hold: no U+0000, no half surrogate pair. */
const anyText = hostileText.map((text) => text.replaceAll('\0', '').toWellFormed());
const markup = fc.string({
  unit: fc.constantFrom('&', '<', '>', '&amp;', '<!channel>', '<@U024BE7LH>', '@here ', '|', '*', '\n', '🚀', 'a'),
});
const text = fc.oneof(
  anyText,
  markup,
  markup.map((unit) => unit.repeat(200)),
);
const snapshot = fc.oneof(
  fc.constant(undefined),
  fc.webUrl().map((url) => ({ url })),
  fc.constantFrom('https://octopi.local/a', 'https://10.0.0.5/a', 'http://cam.example.org/a').map((url) => ({ url })),
  fc.uuid().map((id) => ({ id, content_type: 'image/jpeg', bytes: 9 })),
);
const overlay = fc.record(
  {
    title: text,
    message: text,
    printer: fc.record({ name: text, location: text }),
    job: fc.record({ name: text, error_code: text }),
  },
  { requiredKeys: [] },
);
const parts = fc.subarray<Part>(['picture', 'markup']);

it('whatever the event, Slack takes its message, and nobody is pinged', async () => {
  const url = provider.webhookUrl();
  const sent = async (input: object, over: Partial<FarmEvent>, picture: FarmEvent['snapshot'], without: Part[]) => {
    const accepted = accept(input, { account: 'default', now: new Date('2026-03-01T12:00:00Z'), newId: () => 'e-1' });
    if ('errors' in accepted) throw new Error(JSON.stringify(accepted.errors));
    const event = { ...accepted.event, ...over, snapshot: picture };
    const links = { publicUrl: 'https://farmbell.example.org', without: new Set(without) };
    const message = slack.render(event, { url }, links);
    const reply = await slack.send(message, { url }, { deliveryId: 'd-1', now: new Date(), http, origin: provider.origin });
    expect([reply.status, reply.body]).toEqual([200, 'ok']);
    expect(provider.messages.at(-1)).toMatchObject({ webhook: url, pings: [] });
    expect(message.blocks === undefined).toBe(without.includes('markup'));
  };
  await fc.assert(fc.asyncProperty(goodEvent, overlay, snapshot, parts, sent), fuzz(300));
}, 300_000);
