import fc from 'fast-check';
import type { FarmEvent } from '#contracts';
import type { Part } from '#delivery';
import { fuzz, goodEvent, hostileText } from '#fuzzing';
import { type Caller, caller, eventOf, picture } from './harness.js';

let discordCaller: Caller;
beforeAll(async () => {
  discordCaller = await caller();
});
afterAll(() => discordCaller.close());

/** What an event may hold: no U+0000, no half surrogate pair. */
const anyText = hostileText.map((text) => text.replaceAll('\0', '').toWellFormed());
const marks = [...'*_~`|\\<>#[]()-@ \n🚀a', '](', '<@80351110224678912>', '@everyone ', 'https://x.example/', '\u200b'];
const markdown = fc.string({ unit: fc.constantFrom(...marks) });
const text = fc.oneof(
  anyText,
  markdown,
  markdown.map((unit) => unit.repeat(200)),
);
const snapshot = fc.oneof(
  fc.constant(undefined),
  fc.webUrl().map((url) => ({ url })),
  fc.constantFrom('http://octopi/a', 'https://10.0.0.5/a', 'http://a_b.example.org/a').map((url) => ({ url })),
);
const link = fc.oneof(fc.webUrl(), fc.constantFrom('http://octopi:5000/', 'http://[::1]/', 'https://x.example/🚀 a'));
const overlay: fc.Arbitrary<Partial<FarmEvent>> = fc.record(
  {
    title: text,
    message: text,
    link,
    snapshot,
    time: fc.constantFrom('0000-01-01T00:00:00.000Z', '1969-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'),
    printer: fc.record({ name: text, location: text }),
    job: fc.record({ name: text, error: text, error_code: text }),
  },
  { requiredKeys: [] },
);
const parts = fc.subarray<Part>(['picture', 'markup', 'edit']);

it('whatever the event, Discord takes its message as a new one and as a change, and nobody is pinged', async () => {
  const { send, provider } = discordCaller;
  const sent = async (input: object, over: Partial<FarmEvent>, attached: boolean, without: Part[]) => {
    const event = { ...eventOf(input), ...over };
    const options = { event, without, ...(attached && { picture: picture() }) };
    const { ref, reply } = await send(options);
    expect([reply.status, reply.status === 200 ? '' : reply.body]).toEqual([200, '']);
    const changed = await send({ ...options, edits: ref });
    expect([changed.reply.status, changed.reply.status === 200 ? '' : changed.reply.body]).toEqual([200, '']);
    const { pings, edits, pictures } = provider.messages.at(-1)!;
    expect([pings, edits, pictures.filter(({ at }) => at !== 'embed')]).toEqual([[], 1, []]);
    provider.messages.length = 0;
    provider.requests.length = 0;
  };
  await fc.assert(fc.asyncProperty(goodEvent, overlay, fc.boolean(), parts, sent), fuzz(300));
}, 300_000);
