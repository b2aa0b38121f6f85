import { z } from 'zod';
import type { Delivery } from '#contracts';
import { type Answer, type Receiver, receiver } from '#testing';
import { attempt } from './attempt.js';
import { type Channel, channel } from './channel.js';
import { createHttp, egressPolicy } from './http/index.js';
import type { AnyChannel } from './settings.js';

const secret = 'secret-token-0123456789';
const links = { publicUrl: 'https://farm.example.org' };
const delivery: Delivery = {
  id: 'd-1',
  account: 'default',
  channel: 'c-1',
  channel_type: 'webhook',
  lane: 0,
  version: 1,
  epoch: 1,
  created_at: '2026-03-01T12:00:00.000Z',
  attempt: 3,
  event: {
    id: 'e-1',
    type: 'job.failed',
    severity: 'error',
    time: '2026-03-01T12:00:00.000Z',
    title: 'Print Failed',
    message: 'It failed.',
    account: 'default',
  },
};

describe('an attempt', () => {
  let answer: Answer;
  let hook: Receiver;
  const http = createHttp({ policy: egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] }), userAgent: 'x' });
  beforeAll(async () => {
    hook = await receiver(() => answer);
  });
  afterAll(async () => {
    await http.close();
    await hook.close();
  });
  beforeEach(() => {
    answer = {};
  });

  const plain: AnyChannel = channel({
    type: 'webhook',
    chat: false,
    origin: '',
    settings: z.looseObject({}),
    scope: () => '',
    retry: { mode: 'once', schedule: [0], expiresAfterS: 60 },
    render: (event, settings, { publicUrl }) => `${event.title} ${settings.token} ${publicUrl}`,
    send: (message, { timeout = 2000 }, sending) =>
      sending.http.request({
        url: `${sending.origin}/${sending.deliveryId}`,
        body: message as string,
        timeoutMs: timeout as number,
      }),
  });
  const make = (over: Partial<Channel> = {}, settings: Record<string, unknown> = {}, origin = hook.origin) =>
    attempt({ ...plain, ...over }, delivery, { token: secret, ...settings }, { http, origin, links, secrets: [secret] });

  it('renders, sends once, and is recorded', async () => {
    answer = { status: 200, body: 'thanks' };
    const before = hook.requests.length;
    const { attempt: made, verdict } = await make();
    expect(hook.requests.slice(before)).toMatchObject([{ url: '/d-1', method: 'POST' }]);
    expect(hook.requests.at(-1)?.body.toString()).toBe(`Print Failed ${secret} https://farm.example.org`);
    expect(verdict).toMatchObject({ outcome: 'delivered', reason: null });
    expect(made).toEqual({
      n: 3,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      latency_ms: expect.any(Number),
      status: 200,
      reason: null,
      answer: 'thanks',
    });
    expect(Number.isInteger(made.latency_ms) && made.latency_ms >= 0).toBe(true);
  });

  it("takes the channel type's word before the common table's", async () => {
    answer = { status: 200, body: 'no' };
    const own = { outcome: 'drop' as const, reason: 'invalid' as const, meaning: 'It said no.' };
    expect(await make({ verdict: (reply) => (reply.body === 'no' ? own : undefined) })).toMatchObject({
      verdict: own,
      attempt: { status: 200, reason: 'invalid' },
    });
    answer = { status: 503, body: 'yes' };
    expect(await make({ verdict: (reply) => (reply.body === 'no' ? own : undefined) })).toMatchObject({
      verdict: { reason: 'server' },
    });
  });

  it('keeps the beginning of the answer, without secrets and without U+0000', async () => {
    answer = { status: 500, body: `\0a${secret}b${encodeURIComponent(secret)}${'é'.repeat(5000)}` };
    const { answer: kept } = (await make()).attempt;
    expect(kept.startsWith('a[redacted]b[redacted]éé')).toBe(true);
    expect([[...kept].length, kept.at(-1)]).toEqual([1000, '…']);
  });

  it('keeps no secret that U+0000 cuts in two, nor one that lies across the end of what is kept', async () => {
    for (const body of [secret.split('').join('\0'), 'x'.repeat(990) + secret]) {
      answer = { status: 500, body };
      expect((await make()).attempt.answer).not.toMatch(/secret|token/);
    }
  });

  it('tells no secret in what the answer is taken to mean', async () => {
    const own = { outcome: 'drop' as const, reason: 'invalid' as const, meaning: `It refuses ${secret}.` };
    expect((await make({ verdict: () => own })).verdict.meaning).toBe('It refuses [redacted].');
  });

  it('without an answer has no status and the reason of the failure', async () => {
    answer = { delayMs: 60_000 };
    expect(await make({}, { timeout: 50 })).toMatchObject({
      verdict: { outcome: 'retry', reason: 'timeout' },
      attempt: { status: null, reason: 'timeout', answer: '' },
    });
    expect((await make({}, {}, 'http://127.0.0.1:1')).verdict).toMatchObject({ outcome: 'retry', reason: 'network' });
    expect((await make({}, {}, 'http://10.0.0.5')).verdict).toMatchObject({ outcome: 'retry', reason: 'blocked' });
  });

  it('that cannot be made is dropped, and says so without secrets', async () => {
    const before = hook.requests.length;
    const result = await make({
      render: () => {
        throw new Error(`cannot render ${secret}`);
      },
    });
    expect(result).toMatchObject({
      verdict: { outcome: 'drop', reason: 'invalid', meaning: 'Farmbell could not make this message: cannot render [redacted]' },
      attempt: { status: null, reason: 'invalid', latency_ms: 0 },
    });
    expect(hook.requests.length).toBe(before);
  });
});
