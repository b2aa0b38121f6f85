import { createHttp, egressPolicy } from '#delivery';
import { type PushoverProvider, pushoverProvider } from '#testing';
import { pushover } from './index.js';
import { chosen, eventOf, spaghetti } from './samples.js';

const policy = egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] });
const receipts = pushover.receipts!;

describe('a Pushover emergency', () => {
  let provider: PushoverProvider;
  let settings: ReturnType<typeof chosen>;
  let now: number;
  const http = createHttp({ policy, userAgent: 'Farmbell/test', connections: 1 });
  const caller = () => ({ http, origin: provider.origin });
  beforeEach(async () => {
    now = Date.parse('2026-03-01T12:00:00Z');
    provider = await pushoverProvider({ now: () => now });
    settings = chosen({ app_token: provider.appToken(), user_key: provider.userKey(), priority: 'auto', expire_s: 600 });
  });
  afterEach(() => provider.close());
  afterAll(() => http.close());

  async function begin(input: object = spaghetti): Promise<string> {
    const message = pushover.render(eventOf(input), settings, { publicUrl: '' });
    const reply = await pushover.send(message, settings, { deliveryId: 'd1', now: new Date(now), ...caller() });
    return receipts.of(reply) ?? '';
  }
  const read = (receipt: string) => receipts.read(receipt, settings, caller());

  it('brings a receipt, and no other message does', async () => {
    expect(await begin()).toMatch(/^[A-Za-z0-9]{30}$/);
    expect(await begin({ type: 'job.failed', printer: { id: 'p1' } })).toBe('');
    for (const receipt of ['../../x', 'r'.repeat(31), 7, null])
      expect(
        receipts.of({ status: 200, headers: {}, body: JSON.stringify({ status: 1, receipt }), latencyMs: 1 }),
      ).toBeUndefined();
  });

  it('is open until somebody acknowledges it; who it was is told without a key', async () => {
    const receipt = await begin();
    expect(await read(receipt)).toEqual({ ended: false });
    now += 90_000;
    provider.acknowledge(receipt, 'nexus5');
    expect(await read(receipt)).toEqual({
      ended: true,
      acknowledged_at: '2026-03-01T12:01:30.000Z',
      acknowledged_by: 'nexus5',
    });
  });

  it('ends when nobody acknowledges it in time', async () => {
    const receipt = await begin();
    now += 599_000;
    expect(await read(receipt)).toEqual({ ended: false });
    now += 6_000;
    expect(await read(receipt)).toEqual({ ended: true });
  });

  it('is cancelled, and repeated no more', async () => {
    const receipt = await begin();
    now += 61_000;
    await receipts.cancel(receipt, settings, caller());
    now += 300_000;
    expect([provider.shown(receipt), await read(receipt)]).toEqual([2, { ended: true }]);
    // once more does no harm
    await receipts.cancel(receipt, settings, caller());
  });

  it('can be cancelled by the tag of its printer', async () => {
    const receipt = await begin();
    const tag = provider.messages[0]?.fields.tags;
    const answer = await fetch(`${provider.origin}/1/receipts/cancel_by_tag/${tag}.json`, {
      method: 'POST',
      headers: { connection: 'close' },
      body: new URLSearchParams({ token: settings.app_token }),
    });
    expect([answer.status, await read(receipt)]).toEqual([200, { ended: true }]);
  });

  it('that Pushover does not know any more has ended', async () => {
    const receipt = await begin();
    now += 8 * 86_400_000;
    expect(await read(receipt)).toEqual({ ended: true });
    await receipts.cancel(receipt, settings, caller());
  });

  it('stays as it was known when Pushover cannot tell', async () => {
    const receipt = await begin();
    for (const answer of [
      { status: 503 },
      { status: 429, body: '{"status":0}' },
      { status: 200, body: '<html>' },
      { status: 403 },
    ]) {
      provider.answerNext(answer);
      expect(await read(receipt)).toBeUndefined();
      provider.answerNext(answer);
      await expect(receipts.cancel(receipt, settings, caller())).rejects.toThrow(`HTTP ${answer.status}`);
    }
  });

  it('is asked for no sooner than every 5 s', async () => {
    const receipt = await begin();
    expect(receipts.everyMs).toBeGreaterThanOrEqual(5_000);
    for (let n = 0; n < 3; n += 1) {
      expect(await read(receipt)).toEqual({ ended: false });
      now += receipts.everyMs;
    }
  });

  it.each([
    ['job.resumed', true],
    ['job.succeeded', true],
    ['job.started', false],
    ['job.failed', false],
    ['job.progress', false],
    ['detection.spaghetti', false],
    ['printer.online', false],
  ])('is over at %s: %s', (type, clears) => {
    expect(receipts.clears(eventOf({ type, printer: { id: 'p1' } }))).toBe(clears);
  });
});
