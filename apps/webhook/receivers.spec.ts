import { timingSafeEqual } from 'node:crypto';
import { CloudEvent, HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import type { FarmEvent } from '#contracts';
import { checkSettings, createHttp, egressPolicy } from '#delivery';
import { type Provider, provider, type ReceivedRequest } from '#testing';
import { type FormatName, formatNames, formats } from './formats/index.js';
import { webhook } from './index.js';
import { full, received } from './samples.js';

const policy = egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] });
type Settings = Parameters<typeof webhook.send>[1];

/** Compares as a careful receiver does: in a time that tells nothing of the secret. */
function same(given: unknown, secret: string): boolean {
  const [a, b] = [Buffer.from(String(given)), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}

describe('receivers of each format, by the ways their vendors describe', () => {
  let receiver: Provider;
  const http = createHttp({ policy, userAgent: 'Farmbell/1.2.3' });
  beforeAll(async () => {
    receiver = await provider(() => ({ status: 200 }));
  });
  afterAll(async () => {
    await http.close();
    await receiver.close();
  });
  const send = async (format: FormatName, given: Record<string, unknown> = {}, event: FarmEvent = full('job.succeeded')) => {
    const checked = checkSettings(webhook, { settings: { url: receiver.origin, format, ...given } }, { allowHttp: true, policy });
    const settings = checked.settings as Settings;
    const links = { publicUrl: 'https://farmbell.example.org', channel: 'c-1' };
    const message = webhook.render(event, settings, links);
    const reply = await webhook.send(message, settings, { deliveryId: 'd-1', now: new Date(), http, origin: '' });
    expect(webhook.verdict!(reply, settings)).toMatchObject({ outcome: 'delivered' });
    const posted = formats[format](event, { ...links, settings });
    return { settings, request: receiver.requests.at(-1)! as ReceivedRequest, posted };
  };

  it.each(formatNames)('%s: the bytes are signed as Standard Webhooks verifies them', async (format) => {
    const { settings, request, posted } = await send(format);
    const verifier = new Webhook(settings.signing_secret!);
    const headers = request.headers as Record<string, string>;
    expect(verifier.verify(request.body, headers)).toEqual(received(posted));
    expect(() => verifier.verify(`${request.body} `, headers)).toThrow();
    expect(() => verifier.verify(request.body, { ...headers, 'webhook-id': 'd-2' })).toThrow();
    expect(headers).toMatchObject({
      'content-type': posted.contentType,
      'user-agent': 'Farmbell/1.2.3',
      'webhook-id': 'd-1',
    });
    expect([request.method, Object.keys(headers).filter((name) => name.startsWith('ce-'))]).toEqual(['POST', []]);
  });

  it('cloudevents: the SDK of the specification reads it, and finds nothing wrong', async () => {
    const { request } = await send('cloudevents');
    const { headers, body } = request;
    const read = HTTP.toEvent<Record<string, unknown>>({ headers, body: body.toString() });
    if (!(read instanceof CloudEvent)) throw new Error('is a batch');
    expect(read.validate()).toBe(true);
    expect(read).toMatchObject({
      id: 'e-1',
      type: 'job.succeeded',
      source: '/farmbell/accounts/default',
      subject: 'p-7',
      data: { printer: { id: 'p-7' } },
    });
    const without = { ...JSON.parse(body.toString()), source: '' };
    const wrong = HTTP.toEvent({ headers, body: JSON.stringify(without) }) as CloudEvent;
    expect(() => wrong.validate()).toThrow();
  });

  it.each(['farmbell', 'cloudevents', 'printago'] as const)('%s: the X-API-Key is the one that was shown', async (format) => {
    const { settings, request } = await send(format);
    expect(same(request.headers['x-api-key'], settings.api_key!)).toBe(true);
    expect(settings.api_key!.length).toBeGreaterThanOrEqual(32);
  });

  it.each(['simplyprint', 'odin', 'octoeverywhere'] as const)('%s: an X-API-Key only where one was given', async (format) => {
    expect((await send(format)).request.headers).not.toHaveProperty('x-api-key');
    const api_key = 'k'.repeat(32);
    expect((await send(format, { api_key })).request.headers['x-api-key']).toBe(api_key);
  });

  it('simplyprint: X-SP-Secret, and X-SP-Token of the help page, are the secret to the letter', async () => {
    const secret = 'a secret: 7f9!"$%&/()=?';
    const { request } = await send('simplyprint', { secret });
    expect(same(request.headers['x-sp-secret'], secret)).toBe(true);
    expect(same(request.headers['x-sp-token'], secret)).toBe(true);
    expect(same(request.headers['x-sp-token'], `${secret}x`)).toBe(false);
    const { headers } = (await send('simplyprint')).request;
    expect(Object.keys(headers).filter((name) => name.startsWith('x-sp-'))).toEqual([]);
  });

  it('octoeverywhere: SecretKey in the body is the secret, whatever letters it has', async () => {
    const { request } = await send('octoeverywhere', { secret: '🔑 "clé"' });
    expect(same(request.json.SecretKey, '🔑 "clé"')).toBe(true);
    expect((await send('octoeverywhere')).request.json).not.toHaveProperty('SecretKey');
  });

  it('octoeverywhere: an event without a number is not sent, and the reason is a sentence for people', async () => {
    const before = receiver.requests.length;
    await expect(send('octoeverywhere', {}, full('printer.online'))).rejects.toThrow(
      /no event number for printer\.online: leave/,
    );
    expect(receiver.requests).toHaveLength(before);
  });

  it.each([
    ['octoeverywhere', 204, false],
    ['octoeverywhere', 200, true],
    ['printago', 204, true],
    ['simplyprint', 201, true],
    ['odin', 202, true],
  ] as const)('%s: HTTP %i is success: %s', async (format, status, good) => {
    const { settings } = await send(format);
    const verdict = webhook.verdict!({ status, headers: {}, body: '', latencyMs: 1 }, settings);
    expect(verdict?.outcome === 'delivered').toBe(good);
  });
});
