import { accept, type FarmEvent } from '#contracts';
import { createHttp, egressPolicy, type Part } from '#delivery';
import { type SlackProvider, slackProvider } from '#testing';
import { slack } from './index.js';

const policy = egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] });
const http = createHttp({ policy, userAgent: 'Farmbell/1' });
let provider: SlackProvider;
beforeEach(async () => {
  provider = await slackProvider({ fetches: (url) => url.startsWith('https://pictures.example.org/') });
});
afterEach(() => provider.close());
afterAll(() => http.close());

const accepted = accept(
  { type: 'job.failed', printer: { name: 'X1C' }, job: { name: 'Benchy' } },
  { account: 'default', now: new Date('2026-03-01T12:00:00Z'), newId: () => 'e-1' },
);
if ('errors' in accepted) throw new Error(JSON.stringify(accepted.errors));
/** With a picture that Slack cannot fetch. */
const event: FarmEvent = { ...accepted.event, snapshot: { url: 'https://cam.example.org/1.jpg' } };

const links = { publicUrl: 'https://farmbell.example.org' };
const send = (url: string, of = event, without: ReadonlySet<Part> = new Set(), origin = provider.origin) =>
  slack.send(slack.render(of, { url }, { ...links, without }), { url }, { deliveryId: 'd-1', now: new Date(), http, origin });

describe('a Slack call', () => {
  it('goes to the path of the webhook as JSON, and is delivered', async () => {
    for (const gov of [false, true]) {
      const url = provider.webhookUrl({ gov });
      const reply = await send(url, { ...event, snapshot: undefined });
      expect(slack.verdict?.(reply, { url })).toMatchObject({ outcome: 'delivered' });
      expect(provider.requests.at(-1)).toMatchObject({ method: 'POST', url: new URL(url).pathname });
      expect(provider.messages.at(-1)).toMatchObject({
        webhook: url,
        text: expect.stringContaining('Print Failed: Benchy (X1C)'),
      });
    }
  });

  it.each([
    ['https://hooks.slack.com', false, 'https://hooks.slack.com/services/'],
    ['https://hooks.slack.com', true, 'https://hooks.slack-gov.com/services/'],
    ['https://proxy.example.org', false, 'https://proxy.example.org/services/'],
    ['https://proxy.example.org', true, 'https://proxy.example.org/services/'],
  ])('with the origin %s, GovSlack: %s, goes to %s', async (origin, gov, address) => {
    const calls: string[] = [];
    const request = async (call: { url: string }) => {
      calls.push(call.url);
      return { status: 200, headers: {}, body: 'ok', latencyMs: 1 };
    };
    const url = provider.webhookUrl({ gov });
    await slack.send(
      slack.render(event, { url }, links),
      { url },
      { deliveryId: 'd-1', now: new Date(), http: { request }, origin },
    );
    expect(calls).toEqual([address + url.split('/services/')[1]]);
  });

  it('whose picture Slack cannot fetch arrives without it', async () => {
    const url = provider.webhookUrl();
    const first = slack.verdict?.(await send(url), { url });
    expect(first).toMatchObject({ outcome: 'again', without: 'picture' });
    const second = await send(url, event, new Set([first!.without!]));
    expect(slack.verdict?.(second, { url })).toMatchObject({ outcome: 'delivered' });
    expect(provider.messages.map(({ blocks }) => blocks.map(({ type }) => type))).toEqual([
      expect.not.arrayContaining(['image']),
    ]);
  });

  it('whose layout Slack refuses arrives as plain text', async () => {
    const url = provider.webhookUrl();
    const reply = await send(url, event, new Set<Part>(['picture', 'markup']));
    expect(slack.verdict?.(reply, { url })).toMatchObject({ outcome: 'delivered' });
    expect(provider.messages).toMatchObject([
      { blocks: [], text: expect.stringMatching(/Print Failed: Benchy \(X1C\)[\s\S]*Printer: X1C/) },
    ]);
  });

  it('shows a picture that Slack can fetch', async () => {
    const url = provider.webhookUrl();
    const image_url = 'https://pictures.example.org/1.jpg';
    await send(url, { ...event, snapshot: { url: image_url } });
    expect(provider.messages.at(-1)?.blocks).toContainEqual(expect.objectContaining({ type: 'image', image_url }));
  });

  it('that comes too soon is told how long to wait', async () => {
    const url = provider.webhookUrl();
    const replies = [];
    for (let n = 0; n < 5; n += 1) replies.push(await send(url, { ...event, snapshot: undefined }));
    const late = replies.find(({ status }) => status === 429);
    expect(slack.verdict?.(late!, { url })).toMatchObject({ outcome: 'retry', reason: 'rate_limited', retryAfterMs: 30_000 });
  });

  it('to a webhook that was removed, or with a wrong secret, finds the destination gone', async () => {
    const url = provider.webhookUrl();
    const wrong = url.slice(0, -3).concat('xyz');
    expect(slack.verdict?.(await send(wrong), { url: wrong })).toMatchObject({ outcome: 'gone', reason: 'auth' });
    provider.says(url, 'no_service');
    const verdict = slack.verdict?.(await send(url), { url });
    expect(verdict).toMatchObject({ outcome: 'gone', reason: 'gone' });
    expect(verdict?.meaning).not.toContain(url.split('/').at(-1));
  });
});
