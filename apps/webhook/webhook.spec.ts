import { Webhook } from 'standardwebhooks';
import { accept, type FarmEvent } from '#contracts';
import { checkSettings, createHttp, egressPolicy, newSigningSecret } from '#delivery';
import { conforms, type Provider, provider } from '#testing';
import { webhook } from './index.js';

const policy = egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] });
const key = `${'k'.repeat(8)}0123456789abcdefghijklmnopq`;
const secret = 'sp-secret-0123456789abcdefghijk';
/** A receiver of SimplyPrint's webhooks, as strict as its integrations: anything else is its 400. */
const strict = () =>
  provider(({ headers, json }) => {
    const whole = Number.isInteger(json?.webhook_id) && json.event && Number.isInteger(json.timestamp) && json.data;
    const told = [headers['x-sp-secret'], headers['x-sp-token'], headers['x-api-key']];
    const right = told.every((one, n) => one === [secret, secret, key][n]);
    return { status: whole && right && headers['content-type'] === 'application/json' ? 200 : 400 };
  });

conforms(webhook, {
  provider: strict,
  settings: {
    given: ({ origin }) => ({
      url: `${origin}/hook?token=querysecret0123456789abc&farm=1`,
      // of the formats that know every secret
      format: 'simplyprint',
      api_key: key,
      signing_secret: newSigningSecret(),
      secret,
      headers: { Authorization: 'Bearer bearersecret0123456789abcdef', 'X-Farm': 'headersecret-9876543210-zyxw' },
    }),
    secrets: ['api_key', 'signing_secret', 'secret', 'headers'],
    good: [
      { api_key: null, signing_secret: null, secret: null, headers: null },
      { success: '200', timeout_s: 30, format: 'farmbell', secret: null },
      { timeout_s: 1 },
      { url: 'https://hooks.example.org:8443/a%20b?q=%C3%BC&q=2' },
      { headers: {} },
      { api_key: 'x'.repeat(32) },
    ],
    bad: [
      ...[
        '',
        'hook',
        'ftp://example.org/',
        'https://user:pass@example.org/',
        'https://10.0.0.8/',
        'https://[fd00::1]/',
        'https://x./',
      ].map((url): [string, Record<string, unknown>] => ['url', { url }]),
      ['format', { format: 'slack' }],
      ['secret', { secret: 'x'.repeat(129) }],
      ['secret', { format: 'farmbell' }],
      ['success', { success: '3xx' }],
      ['timeout_s', { timeout_s: 0.5 }],
      ['timeout_s', { timeout_s: 31 }],
      ['timeout_s', { timeout_s: '10' }],
      ['api_key', { api_key: 'x'.repeat(31) }],
      ['api_key', { api_key: `${'x'.repeat(32)} y` }],
      ['signing_secret', { signing_secret: 'whsec_c2hvcnQ=' }],
      ['signing_secret', { signing_secret: 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }],
      ...[
        'Host',
        'content-length',
        'Content-Type',
        'Transfer-Encoding',
        'connection',
        'User-Agent',
        'X-API-Key',
        'Traceparent',
        'webhook-id',
        'Webhook-Signature',
        'Expect',
        'Proxy-Authorization',
      ].map((name): [string, Record<string, unknown>] => [`headers.${name}`, { headers: { [name]: 'x' } }]),
      ['headers.X-Farm', { headers: { 'X-Farm': 'a\r\nX-Evil: 1' } }],
      ['headers.X-Farm', { headers: { 'X-Farm': 'ü' } }],
      ['headers', { headers: ['x'] }],
    ],
  },
});

const check = (settings: Record<string, unknown>, known?: Record<string, unknown>, rotate = false) =>
  checkSettings(webhook, { settings, known, rotate }, { allowHttp: true, policy });
const event = (): FarmEvent => {
  const accepted = accept(
    { type: 'job.failed', job: { id: '142', file: 'Bénchy 🚀.gcode' } },
    { account: 'default', now: new Date('2026-03-01T12:00:00Z'), newId: () => 'e-1' },
  );
  if ('errors' in accepted) throw new Error(JSON.stringify(accepted.errors));
  return accepted.event;
};

describe('a webhook call', () => {
  let receiver: Provider;
  const http = createHttp({ policy, userAgent: 'Farmbell/1.2.3' });
  beforeAll(async () => {
    receiver = await provider(() => ({ status: 204 }));
  });
  afterAll(async () => {
    await http.close();
    await receiver.close();
  });
  const send = async (given: Record<string, unknown>, over: Partial<FarmEvent> = {}, through = http) => {
    const settings = check({ url: `${receiver.origin}/`, ...given }).settings as Parameters<typeof webhook.send>[1];
    const message = webhook.render({ ...event(), ...over }, settings, { publicUrl: 'https://farm.example.org' });
    const reply = await webhook.send(message, settings, { deliveryId: 'd-1', now: new Date(), http: through, origin: '' });
    return { settings, reply, request: receiver.requests.at(-1)! };
  };

  it.each(['/hook', '/a%20b/?b=2&a=1&a=%2F+x&empty=&flag', '/?token=s3cret==', '/a//b/%C3%BC?q=[1]'])(
    'goes to %s as given',
    async (path) => {
      const { request } = await send({ url: receiver.origin + path });
      expect([request.method, request.url]).toEqual(['POST', path]);
    },
  );

  it('carries the envelope and the common headers', async () => {
    const { settings, request } = await send({ headers: { 'X-Farm': 'north', authorization: 'Bearer x' } });
    expect(request.json).toEqual(event());
    expect(request.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Farmbell/1.2.3',
      'x-api-key': settings.api_key,
      'webhook-id': 'd-1',
      'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
      'webhook-signature': expect.stringMatching(/^v1,/),
      'x-farm': 'north',
      authorization: 'Bearer x',
    });
  });

  it("is verified by Standard Webhooks' own library, until a byte changes", async () => {
    const { settings, request } = await send({});
    const verifier = new Webhook(settings.signing_secret!);
    const headers = request.headers as Record<string, string>;
    expect(verifier.verify(request.body, headers)).toEqual(event());
    expect(() => verifier.verify(`${request.body} `, headers)).toThrow();
    expect(() => verifier.verify(request.body, { ...headers, 'webhook-id': 'd-2' })).toThrow();
    expect(() => new Webhook(newSigningSecret()).verify(request.body, headers)).toThrow();
  });

  it('names a stored picture by a link, and one elsewhere by its own', async () => {
    const stored = await send({}, { snapshot: { id: 'pic1', content_type: 'image/jpeg', bytes: 9 } });
    expect(stored.request.json.snapshot).toEqual({ url: 'https://farm.example.org/s/pic1' });
    const linked = await send({}, { snapshot: { url: 'https://x.example/a.png' } });
    expect(linked.request.json.snapshot).toEqual({ url: 'https://x.example/a.png' });
  });

  it('waits as long as timeout_s says', async () => {
    const limits: number[] = [];
    const watched = {
      ...http,
      request: (call: Parameters<typeof http.request>[0]) => {
        limits.push(call.timeoutMs);
        return http.request(call);
      },
    };
    await send({}, {}, watched);
    await send({ timeout_s: 2.5 }, {}, watched);
    expect(limits).toEqual([10_000, 2500]);
  });

  it.each([
    ['2xx', 200, undefined],
    ['2xx', 204, undefined],
    ['200', 200, undefined],
    ['200', 201, 'invalid'],
    ['200', 204, 'invalid'],
    ['2xx', 301, 'invalid'],
    ['200', 500, 'server'],
    ['2xx', 410, 'gone'],
    ['2xx', 401, 'auth'],
  ])('of success %s: %i has the reason %s', async (success, status, reason) => {
    receiver.answerNext({ status });
    const { settings, reply } = await send({ success });
    const verdict = webhook.verdict!(reply, settings)!;
    expect([verdict.outcome === 'delivered', verdict.reason]).toEqual([!reason, reason ?? null]);
    if (success === '200' && reason === 'invalid') expect(verdict.meaning).toMatch(/only 200/);
  });
});

describe('the secrets of a webhook', () => {
  const url = 'https://hooks.example.org/';

  it('are made when none are given, each time others, and told once', () => {
    const { settings, generated, shown } = check({ url });
    expect(String(settings.api_key).length).toBeGreaterThanOrEqual(32);
    expect(generated).toEqual({ api_key: settings.api_key, signing_secret: settings.signing_secret });
    expect(shown).toMatchObject({ api_key: '********', signing_secret: '********' });
    const other = check({ url });
    expect(other.settings.api_key).not.toBe(settings.api_key);
    expect(other.settings.signing_secret).not.toBe(settings.signing_secret);
  });

  it('are kept when given, and through changes of the rest', () => {
    const signing_secret = newSigningSecret();
    const first = check({ url, api_key: key, signing_secret });
    expect([first.settings, first.generated]).toEqual([expect.objectContaining({ api_key: key, signing_secret }), {}]);
    const changed = check({ timeout_s: 5 }, first.settings);
    expect([changed.settings, changed.generated]).toEqual([{ ...first.settings, timeout_s: 5 }, {}]);
  });

  it('rotate: a new key, the signing secret as it was', () => {
    const first = check({ url });
    const rotated = check({}, first.settings, true);
    expect(rotated.settings.api_key).not.toBe(first.settings.api_key);
    expect(rotated.settings.signing_secret).toBe(first.settings.signing_secret);
    expect(rotated.generated).toEqual({ api_key: rotated.settings.api_key });
  });

  it('in the query of the URL are masked, and kept when given back so', () => {
    const known = check({ url: `${url}?token=s3cret0123&farm=1#x` });
    expect(known.shown.url).toBe(`${url}?token=********&farm=********#x`);
    expect(check({ url: known.shown.url }, known.settings).settings.url).toBe(known.settings.url);
    const moved = { url: String(known.shown.url).replace('hooks', 'other') };
    expect(() => check(moved, known.settings)).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ path: 'settings.url' })] }),
    );
  });

  it('are not asked for over http, unless the operator allows it', () => {
    const closed = () => checkSettings(webhook, { settings: { url: 'http://hooks.example.org/' } }, { allowHttp: false, policy });
    expect(closed).toThrow(
      expect.objectContaining({
        errors: [{ path: 'settings.url', message: expect.stringMatching(/https:\/\/.*FARMBELL_ALLOW_HTTP_WEBHOOKS/) }],
      }),
    );
    expect(check({ url: 'http://hooks.example.org/' }).settings.url).toBe('http://hooks.example.org/');
  });

  it('leave the limit to the channel itself', () => {
    expect(check({ url }).scope).toBe('');
  });
});
