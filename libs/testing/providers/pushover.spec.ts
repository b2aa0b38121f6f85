import { Agent, request } from 'undici';
import { multipart } from '#delivery';
import { type PushoverOptions, type PushoverProvider, pushoverProvider } from './pushover.js';

let pushover: PushoverProvider;
let keys: { token: string; user: string };
const agent = new Agent({ connections: 1 });
afterEach(() => pushover?.close());
afterAll(() => agent.destroy());

const start = async (options: PushoverOptions = { limits: null }) => {
  pushover = await pushoverProvider(options);
  keys = { token: pushover.appToken(), user: pushover.userKey({ devices: ['iphone', 'nexus5'] }) };
};
async function call(method: 'GET' | 'POST', path: string, given?: object | string, type = 'application/json') {
  const text = typeof given === 'object' ? JSON.stringify(given) : given;
  const plain = { headers: text === undefined ? {} : { 'content-type': type }, body: text };
  const sent = given instanceof FormData ? await multipart(given) : plain;
  const answer = await request(`${pushover.origin}/1/${path}`, { method, ...sent, dispatcher: agent });
  const reply = await answer.body.text();
  // biome-ignore lint/suspicious/noExplicitAny: whatever came back
  return { status: answer.statusCode, reply: (reply.startsWith('{') ? JSON.parse(reply) : reply) as any };
}
const push = (fields: object) => call('POST', 'messages.json', { ...keys, message: 'a', ...fields });
const taken = { status: 1, request: expect.stringMatching(/^[0-9a-f-]{36}$/) };

describe('the local Pushover', () => {
  it('takes JSON, forms with files and without, and nothing else', async () => {
    await start();
    expect(await push({ priority: 1 })).toEqual({ status: 200, reply: taken });
    const form = new URLSearchParams({ ...keys, message: 'ü & b' }).toString();
    expect(await call('POST', 'messages.json', form, 'application/x-www-form-urlencoded')).toEqual({ status: 200, reply: taken });
    const parts = new FormData();
    for (const [name, value] of Object.entries({ ...keys, message: 'a\nb' })) parts.append(name, value);
    expect(await call('POST', 'messages.json', parts)).toEqual({ status: 200, reply: taken });
    expect(pushover.messages.map(({ fields }) => fields.message)).toEqual(['a', 'ü & b', 'a\r\nb']);
    for (const type of ['text/plain', 'application/xml'])
      expect((await call('POST', 'messages.json', JSON.stringify({ ...keys, message: 'a' }), type)).reply.token).toBe('invalid');
    expect((await call('POST', 'messages.json', '[1]')).status).toBe(400);
    expect((await call('GET', `messages.json?token=${keys.token}`)).status).toBe(405);
    expect((await call('POST', 'nothing.json', {})).status).toBe(404);
  });

  it('knows its applications, users and groups', async () => {
    await start();
    expect(await push({ token: 'a'.repeat(30) })).toMatchObject({
      status: 400,
      reply: { status: 0, token: 'invalid', errors: [expect.stringMatching(/^application token is invalid/)] },
    });
    expect(await push({ user: 'u'.repeat(30) })).toMatchObject({
      status: 400,
      reply: { status: 0, user: 'invalid', errors: [expect.stringMatching(/^user identifier is not a valid user/)] },
    });
    for (const key of [keys.token, keys.user, pushover.userKey({ members: 2 })]) expect(key).toMatch(/^[A-Za-z0-9]{30}$/);
    expect(await push({ user: pushover.userKey({ members: 2 }) })).toMatchObject({ status: 200 });
  });

  it.each<[string, object]>([
    ['message', { message: '' }],
    ['message', { message: ' \n\u200b' }],
    ['message', { message: '🚀'.repeat(1025) }],
    ['message', { message: ['a'] }],
    ['message', { message: 'a\0' }],
    ['title', { title: 'a'.repeat(251) }],
    ['url', { url: `http://x/${'a'.repeat(504)}` }],
    ['url_title', { url: 'http://x', url_title: 'a'.repeat(101) }],
    ['url_title', { url_title: 'a' }],
    ['device', { device: 'a'.repeat(26) }],
    ['device', { device: 'a, b' }],
    ['priority', { priority: 3 }],
    ['priority', { priority: 'high' }],
    ['priority', { priority: 0.5 }],
    ['timestamp', { timestamp: -1 }],
    ['timestamp', { timestamp: '2026-03-01' }],
    ['ttl', { ttl: 0 }],
    ['ttl', { ttl: 60, priority: 2, retry: 30, expire: 60 }],
    ['expire', { priority: 2, retry: 30 }],
    ['retry', { priority: 2, expire: 60 }],
    ['retry', { priority: 2, expire: 60, retry: 29 }],
    ['expire', { priority: 2, expire: 10_801, retry: 30 }],
    ['tags', { tags: 'x' }],
    ['html', { html: 1, monospace: 1 }],
    ['html', { html: true }],
    ['sound', { sound: 'a b' }],
    ['titel', { titel: 'a' }],
    ['attachment', { attachment_base64: 'bm90aGluZw==', attachment_type: 'image/png' }],
  ])('refuses a wrong %s: %j', async (name, fields) => {
    await start();
    const { status, reply } = await push(fields);
    expect([status, reply.status, reply[name], pushover.messages]).toEqual([400, 0, expect.any(String), []]);
    expect(reply.errors).toEqual([expect.stringContaining(name)]);
  });

  it('says what an emergency lacks in Pushover’s words', async () => {
    await start();
    expect((await push({ priority: 2 })).reply).toMatchObject({
      expire: 'must be supplied with priority=2',
      errors: ['expire must be supplied with priority=2', 'retry must be supplied with priority=2'],
    });
  });

  it('takes what is just within the limits', async () => {
    await start();
    for (const fields of [
      { message: '🚀'.repeat(1024), title: 'a'.repeat(250), url: `http://x/${'a'.repeat(503)}`, url_title: '🚀'.repeat(100) },
      { priority: -2, timestamp: 1, ttl: 1, html: 1 },
      { priority: 2, retry: 30, expire: 10_800, tags: 'a,b' },
    ])
      expect(await push(fields)).toMatchObject({ status: 200, reply: taken });
  });

  it('takes one picture of 5 MB as a file', async () => {
    await start();
    const upload = (bytes: Uint8Array<ArrayBuffer>, name = 'a.jpg', type = 'image/jpeg') => {
      const form = new FormData();
      for (const [field, value] of Object.entries({ ...keys, message: 'a' })) form.append(field, value);
      form.append('attachment', new Blob([bytes], { type }), name);
      return call('POST', 'messages.json', form);
    };
    const jpeg = (size: number) => Uint8Array.from({ length: size }, (_, at) => [0xff, 0xd8, 0xff][at] ?? 0);
    expect(await upload(jpeg(5_242_880))).toMatchObject({ status: 200 });
    expect(pushover.messages[0]?.attachment).toEqual({ name: 'a.jpg', type: 'image/jpeg', size: 5_242_880 });
    const errors = async (answer: ReturnType<typeof upload>) => (await answer).reply.errors;
    expect(await errors(upload(jpeg(5_242_881)))).toEqual(['attachment is too large (5242881 bytes is more than 5242880 limit)']);
    expect(await errors(upload(new Uint8Array(9)))).toEqual(['attachment is not a valid image']);
    expect(await errors(upload(jpeg(9), 'a.txt', 'text/plain'))).toEqual([expect.stringMatching(/content type of an image/)]);
  });

  it('sends to all devices where none of the named ones is there, and plays what it knows', async () => {
    await start();
    await push({ device: 'nexus5,gone', sound: 'siren' });
    await push({ device: 'gone', sound: 'foghorn' });
    expect(pushover.messages.map(({ devices, plays }) => [devices, plays])).toEqual([
      [['nexus5'], 'siren'],
      [['iphone', 'nexus5'], undefined],
    ]);
  });

  it('validates keys and devices without a message', async () => {
    await start();
    const validate = async (fields: object) => (await call('POST', 'users/validate.json', { ...keys, ...fields })).reply;
    expect(await validate({})).toEqual({ ...taken, group: 0, devices: ['iphone', 'nexus5'], licenses: ['iOS'] });
    expect(await validate({ device: 'nexus5' })).toMatchObject({ status: 1 });
    expect(await validate({ device: 'gone' })).toMatchObject({ status: 0, device: 'invalid for this user' });
    expect(await validate({ user: 'u'.repeat(30) })).toMatchObject({ user: 'invalid', errors: ['user key is invalid'] });
    expect(await validate({ token: 'x' })).toMatchObject({ token: 'invalid' });
    expect(await validate({ user: pushover.userKey({ members: 3 }) })).toMatchObject({ status: 1, group: 1, devices: [] });
    expect(pushover.messages).toEqual([]);
  });

  it('lists sounds, the custom ones of the application’s owner too', async () => {
    await start();
    const token = pushover.appToken({ sounds: { doorbell: 'Our doorbell' } });
    const { sounds } = (await call('GET', `sounds.json?token=${token}`)).reply;
    expect([Object.keys(sounds).length, sounds.doorbell, sounds.siren]).toEqual([24, 'Our doorbell', 'Siren']);
    expect((await call('GET', 'sounds.json?token=x')).status).toBe(400);
  });
});
