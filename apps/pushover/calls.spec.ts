import { createHttp, egressPolicy, type Http, type Picture } from '#delivery';
import { type PushoverProvider, pushoverProvider } from '#testing';
import { pushover } from './index.js';
import { benchy, chosen, eventOf } from './samples.js';

const policy = egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] });
const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(2000, 7)]);
const picture: Picture = { bytes: jpeg, content_type: 'image/jpeg', name: 'snapshot.jpg' };

describe('a Pushover call', () => {
  let provider: PushoverProvider;
  let http: Http;
  beforeEach(async () => {
    provider = await pushoverProvider();
    // a connection is free a moment after its answer only: unless bounded, the client opens a third for who is quick
    http = createHttp({ policy, userAgent: 'Farmbell/test', connections: 2 });
  });
  afterEach(async () => {
    await http.close();
    await provider.close();
  });
  const own = (more: object = {}) =>
    chosen({ app_token: provider.appToken(), user_key: provider.userKey({ devices: ['iphone', 'nexus5'] }), ...more });
  const send = (settings: ReturnType<typeof chosen>, input: object = benchy, file?: Picture) =>
    pushover.send(pushover.render(eventOf(input), settings, { publicUrl: '' }), settings, {
      deliveryId: 'd1',
      now: new Date(),
      http,
      origin: provider.origin,
      picture: file,
    });

  it('without a picture is JSON, and goes to every device', async () => {
    const settings = own();
    const reply = await send(settings, { ...benchy, link: 'https://farm.example.org/142' });
    expect(pushover.verdict?.(reply, settings)).toMatchObject({ outcome: 'delivered' });
    expect(provider.requests[0]).toMatchObject({
      method: 'POST',
      url: '/1/messages.json',
      headers: { 'content-type': 'application/json', 'user-agent': 'Farmbell/test' },
    });
    const [pushed] = provider.messages;
    expect(pushed).toMatchObject({
      token: settings.app_token,
      user: settings.user_key,
      fields: { title: '✅ Print Complete: Benchy (X1C)', url: 'https://farm.example.org/142', priority: '0' },
      devices: ['iphone', 'nexus5'],
    });
    expect([pushed?.attachment, pushed?.plays, pushed?.receipt]).toEqual([undefined, undefined, undefined]);
  });

  it('reaches the device and plays the sound of the settings', async () => {
    await send(own({ device: 'nexus5', sound: 'siren' }));
    expect(provider.messages[0]).toMatchObject({ devices: ['nexus5'], plays: 'siren' });
  });

  it('with a picture uploads it, and says the same', async () => {
    const settings = own();
    const told = { ...benchy, message: 'first line\nsecond line' };
    await send(settings, told);
    const reply = await send(settings, told, picture);
    expect([reply.status, provider.messages.length]).toEqual([200, 2]);
    const [plain, pictured] = provider.messages;
    expect(pictured?.attachment).toEqual({ name: 'snapshot.jpg', type: 'image/jpeg', size: jpeg.length });
    const lines = (fields: Record<string, string> = {}) => ({ ...fields, message: fields.message?.replaceAll('\r\n', '\n') });
    expect(lines(pictured?.fields)).toEqual(lines(plain?.fields));
    expect(provider.requests[1]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
  });

  it('with a text as long as may be is taken as a form, too', async () => {
    const settings = own({ priority: 2 });
    for (const message of ['a\n'.repeat(4000), '🚀\n\n'.repeat(2000)]) {
      const reply = await send(settings, { ...benchy, message, title: '🚀'.repeat(500) }, picture);
      expect([reply.status, reply.body]).toEqual([200, expect.stringContaining('"receipt"')]);
    }
  });

  it('with a picture that Pushover refuses is to be made again without', async () => {
    const settings = own();
    const text: Picture = { ...picture, bytes: Buffer.from('<svg/>') };
    const reply = await send(settings, benchy, text);
    expect(pushover.verdict?.(reply, settings)).toMatchObject({ outcome: 'again', without: 'picture' });
    expect((await send(settings)).status).toBe(200);
  });

  it('with keys that are wrong finds the destination gone', async () => {
    const settings = own();
    const unknownUser = { ...settings, user_key: 'u'.repeat(30) };
    const unknownApp = { ...settings, app_token: 'a'.repeat(30) };
    expect(pushover.verdict?.(await send(unknownUser), unknownUser)).toMatchObject({
      outcome: 'gone',
      reason: 'auth',
      meaning: expect.stringMatching(/user_key/),
    });
    expect(pushover.verdict?.(await send(unknownApp), unknownApp)).toMatchObject({
      outcome: 'gone',
      reason: 'auth',
      meaning: expect.stringMatching(/app_token/),
    });
  });

  it('that uses up the month holds its application, and the next one says why', async () => {
    const settings = own({ app_token: provider.appToken({ month: 1 }) });
    const [key] = pushover.limits!(settings);
    const last = await send(settings);
    expect([last.status, pushover.holds?.(last, settings)?.key]).toEqual([200, key?.key]);
    const over = await send(settings);
    expect(pushover.holds?.(over, settings)?.key).toBe(key?.key);
    expect(pushover.verdict?.(over, settings)).toMatchObject({ outcome: 'retry', reason: 'rate_limited' });
    // others send on
    expect((await send(own())).status).toBe(200);
  });

  it('uses connections again, so that however many are under way they are two', async () => {
    const settings = own();
    for (let round = 0; round < 5; round += 1) {
      const replies = await Promise.all([send(settings), send(settings, benchy, picture), send(settings)]);
      expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200]);
    }
    expect([provider.connections.open(), provider.connections.refused()]).toEqual([2, 0]);
  });
});
