import type { Delivery } from '#contracts';
import { type AttemptContext, attempt } from './attempt.js';
import type { Links, Part, Picture, Sending, Verdict } from './channel.js';
import { createHttp, egressPolicy } from './http/index.js';
import { deliveryOf, replyOf, typeOf } from './samples.js';

const http = createHttp({ policy: egressPolicy({ allow: [], forbidden: [], trusted: [] }), userAgent: 'x' });
afterAll(() => http.close());

const picture: Picture = { bytes: new Uint8Array([1]), content_type: 'image/png', name: 'snapshot.png' };
const edits = { id: 'm1' };
const settings = { chat_id: '-1', token: 't' };

/** One attempt at a provider that answers so, and what the type was told of it. */
async function make(verdict: Verdict | undefined, delivery: Partial<Delivery> = {}, context: Partial<AttemptContext> = {}) {
  const told: { links?: Links; sending?: Sending; sent?: { without: ReadonlySet<Part> } } = {};
  const type = typeOf({
    render: (_event, _settings, links) => {
      told.links = links;
      return 'message';
    },
    send: async (_message, _settings, sending) => {
      told.sending = sending;
      return replyOf(400, 'no');
    },
    verdict: (_reply, _settings, sent) => {
      told.sent = sent;
      return verdict;
    },
  });
  const whole = { http, origin: 'https://x.example', links: { publicUrl: 'https://f.example' }, secrets: [], ...context };
  const made = await attempt(type, deliveryOf('d1', delivery), settings, whole);
  return { ...told, ...made };
}

const again = (more: Partial<Verdict>): Verdict => ({ outcome: 'again', reason: 'invalid', meaning: 'Once more.', ...more });

describe('what is sent', () => {
  it('has its picture and the message to change, and the layout knows of the picture', async () => {
    const { links, sending } = await make(undefined, {}, { picture, edits });
    expect(links).toMatchObject({ publicUrl: 'https://f.example', picture: 'snapshot.png', without: new Set() });
    expect(sending).toMatchObject({ picture, edits, deliveryId: 'd1', origin: 'https://x.example' });
  });

  it('leaves out what the provider refused of it before, and the layout and the verdict know', async () => {
    const { links, sending, sent } = await make(undefined, { without: ['picture', 'edit', 'markup'] }, { picture, edits });
    expect([links, sending].map((one) => ['picture' in one!, 'edits' in one!])).toEqual([
      [false, false],
      [false, false],
    ]);
    expect([links?.without, sent?.without]).toEqual([
      new Set(['picture', 'edit', 'markup']),
      new Set(['picture', 'edit', 'markup']),
    ]);
  });

  it('leaves out that alone', async () => {
    const { sending, links } = await make(undefined, { without: ['picture'] }, { picture, edits });
    expect([sending?.picture, sending?.edits, links?.picture]).toEqual([undefined, edits, undefined]);
    expect((await make(undefined, { without: ['edit'] }, { picture, edits })).sending).toMatchObject({ picture });
  });
});

describe('what the provider takes in another form only', () => {
  it('is sent again without the part that it refuses, or where it says', async () => {
    expect((await make(again({ without: 'markup' }))).verdict.outcome).toBe('again');
    expect((await make(again({ without: 'markup' }), { without: ['picture'] })).verdict.outcome).toBe('again');
    expect((await make(again({ moved: { chat_id: '-1001' } }))).verdict).toMatchObject({
      outcome: 'again',
      moved: { chat_id: '-1001' },
    });
  });

  it('is dropped when it is refused for the same part once more', async () => {
    const { verdict, attempt: made } = await make(again({ without: 'markup' }), { without: ['markup'] });
    expect(verdict).toMatchObject({ outcome: 'drop', reason: 'invalid', meaning: 'Once more.' });
    expect(made).toMatchObject({ status: 400, reason: 'invalid', answer: 'no' });
  });

  it('is dropped when it was sent there already, or nothing is said of how', async () => {
    expect((await make(again({ moved: { chat_id: '-1' } }))).verdict.outcome).toBe('drop');
    expect((await make(again({ moved: { chat_id: '-1', token: 'u' } }))).verdict.outcome).toBe('again');
    expect((await make(again({ reason: null }))).verdict).toMatchObject({ outcome: 'drop', reason: 'invalid' });
    expect((await make(again({ moved: {} }))).verdict.outcome).toBe('drop');
  });

  it('keeps the reason that the type gives', async () => {
    expect((await make(again({ reason: 'gone', without: 'thread' }), { without: ['thread'] })).verdict).toMatchObject({
      outcome: 'drop',
      reason: 'gone',
    });
  });
});

it('the reply is there for what may be learned from it, and is none where there was no answer', async () => {
  expect((await make(undefined)).reply).toEqual(replyOf(400, 'no'));
  const type = typeOf({ send: () => http.request({ url: 'http://10.0.0.5/', timeoutMs: 1000 }) });
  const none = await attempt(type, deliveryOf('d1'), {}, { http, origin: '', links: { publicUrl: '' }, secrets: [] });
  expect([none.verdict.reason, 'reply' in none]).toEqual(['blocked', false]);
});
