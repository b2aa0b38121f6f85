import { type DiscordOptions, type DiscordProvider, discordProvider } from './discord.js';
import { callTo, embed, formOf } from './discord-client.js';

let discord: DiscordProvider;
afterEach(() => discord?.close());

const start = async (options?: DiscordOptions) => {
  discord = await discordProvider(options);
  return discord;
};
const call = (...args: Parameters<ReturnType<typeof callTo>>) => callTo(discord)(...args);

describe('the local Discord', () => {
  it('answers 204, or 200 with the message to those who wait, on every version', async () => {
    const url = (await start()).webhookUrl();
    expect(await call(url, 'POST', '', { content: 'a' })).toMatchObject({ status: 204, reply: '' });
    const { status, reply } = await call(url.replace('/api/', '/api/v10/'), 'POST', '?wait=true', { content: 'b' });
    expect([status, reply.content, /^\d{17,20}$/.test(reply.id)]).toEqual([200, 'b', true]);
    expect(discord.messages.map(({ content }) => content)).toEqual(['a', 'b']);
    expect(await call(url, 'GET')).toMatchObject({ status: 200, reply: { type: 1, token: url.split('/').at(-1) } });
    expect((await call(url, 'POST', '/slack', { text: 'a' })).status).toBe(404);
  });

  it('lets messages be read, changed and deleted, in their thread alone', async () => {
    const url = (await start({ limits: null })).webhookUrl({ threads: ['1111111111111111'] });
    const { id } = (await call(url, 'POST', '?wait=true&thread_id=1111111111111111', { content: 'a' })).reply;
    const inThread = `/messages/${id}?thread_id=1111111111111111`;
    expect(await call(url, 'GET', `/messages/${id}`)).toMatchObject({ status: 404, reply: { code: 10008 } });
    expect(await call(url, 'PATCH', inThread, { content: 'b' })).toMatchObject({
      status: 200,
      reply: { id, content: 'b', channel_id: '1111111111111111', edited_timestamp: expect.any(String) },
    });
    expect(await call(url, 'PATCH', inThread, { content: '' })).toMatchObject({ status: 400, reply: { code: 50006 } });
    expect((await call(url, 'DELETE', inThread)).status).toBe(204);
    expect(await call(url, 'GET', inThread)).toMatchObject({ status: 404, reply: { code: 10008 } });
  });

  it('knows its webhooks, threads and forums', async () => {
    const url = (await start({ limits: null })).webhookUrl();
    const forum = discord.webhookUrl({ forum: true, threads: ['7'] });
    const code = async (at: string, path: string, body: object = { content: 'a' }) =>
      (await call(at, 'POST', path, body)).reply.code;
    expect(await code(url.replace(/\d{16,}/, '1234567890123456'), '')).toBe(10015);
    expect(await code(`${url}x`, '')).toBe(50027);
    expect(await code(url, '?thread_id=9')).toBe(10003);
    expect([await code(forum, ''), await code(forum, '?thread_id=7')]).toEqual([220001, undefined]);
    expect(await code(forum, '?thread_id=7', { content: 'a', thread_name: 'b' })).toBe(220002);
    expect(await code(url, '', { content: 'a', thread_name: 'b' })).toBe(220003);
    expect((await call(url, 'DELETE')).status).toBe(204);
    expect(await code(url, '')).toBe(10015);
  });

  it.each<[string, object, string?]>([
    ['content.', { content: 'a'.repeat(2001) }],
    ['embeds.0.title', embed({ title: '🚀'.repeat(257) })],
    ['embeds.0.description', embed({ description: 'a'.repeat(4097) })],
    ['embeds.0.footer.text', embed({ title: 'a', footer: { text: 'a'.repeat(2049) } })],
    ['embeds.0.fields', embed({ fields: Array(26).fill({ name: 'a', value: 'b' }) })],
    ['embeds.0.fields.0.name', embed({ fields: [{ name: 'a'.repeat(257), value: 'b' }] })],
    ['embeds.0.fields.0.value', embed({ fields: [{ name: 'a', value: 'b'.repeat(1025) }] })],
    ['embeds.0.fields.0.value', embed({ fields: [{ name: 'a', value: ' ' }] })],
    ['embeds.0.timestamp', embed({ title: 'a', timestamp: '2026-03-01T12:00:00' })],
    ['embeds.0.url', embed({ title: 'a', url: 'ftp://x.example' })],
    ['embeds.0.color', embed({ title: 'a', color: 0x1000000 })],
    ['embeds.0.colour', embed({ title: 'a', colour: 1 })],
    ['embeds', { embeds: Array(11).fill({ title: 'a' }) }],
    ['embeds', { embeds: [{ description: 'a'.repeat(4000) }, { description: 'a'.repeat(2001) }] }],
    ['username', { content: 'a', username: 'My Discord' }],
    ['username', { content: 'a', username: '' }],
    ['username', { content: 'a', username: 'a'.repeat(81) }],
    ['avatar_url', { content: 'a', avatar_url: 'x' }],
  ])('refuses a wrong %s', async (path, body) => {
    const { status, reply } = await call((await start()).webhookUrl(), 'POST', '', body);
    expect([status, reply.code, discord.messages]).toEqual([400, 50035, []]);
    const keys = path.split('.').filter(Boolean);
    // biome-ignore lint/suspicious/noExplicitAny: a tree of unknown depth
    expect(keys.reduce((tree: any, key) => tree?.[key], reply.errors)._errors).toEqual([
      { code: expect.any(String), message: expect.any(String) },
    ]);
  });

  it('takes what is just within the limits', async () => {
    const url = (await start({ limits: null })).webhookUrl();
    const fields = Array(25).fill({ name: 'n', value: 'v' });
    for (const body of [
      { content: 'a'.repeat(2000), username: '🚀'.repeat(80) },
      embed({ title: ` ${'🚀'.repeat(256)} `, description: 'a'.repeat(4096), fields, footer: { text: 'a'.repeat(1598) } }),
      embed({ title: 'a', url: 'http://10.0.0.5:80/x', timestamp: '2026-03-01T12:00:00.000+01:00' }),
    ])
      expect((await call(url, 'POST', '', body)).status).toBe(204);
  });

  it('refuses what is empty, no JSON, of no known type, from nobody, or with an address of the local network', async () => {
    const url = (await start({ limits: null })).webhookUrl();
    for (const body of [{}, { content: ' ' }, embed({}), embed({ color: 1 })])
      expect((await call(url, 'POST', '', body)).reply.code).toBe(50006);
    const as = (type: string, body: string) => call(url, 'POST', '', body, { 'content-type': type });
    expect((await as('application/json', '{')).reply.code).toBe(50109);
    expect((await as('text/plain', '{"content":"a"}')).reply.code).toBe(50035);
    expect((await call(url, 'POST', '', { content: 'a' }, { 'user-agent': 'Farmbell/1' })).reply.code).toBe(40333);
    expect((await call(url, 'POST', '', embed({ title: 'a', url: 'http://octopi/' }))).reply).toEqual({ embeds: ['0'] });
  });

  it('takes files with payload_json, and a picture of the embed only when it came along', async () => {
    const url = (await start({ limits: null })).webhookUrl();
    const body = embed({ image: { url: 'attachment://snapshot.jpg' } });
    const { status, reply } = await call(url, 'POST', '?wait=true', formOf(body, 'snapshot.jpg'));
    // what the embed shows is not among the attachments
    expect([status, reply.attachments, reply.embeds[0].image.url]).toEqual([200, [], expect.stringMatching(/^https:\/\/cdn\./)]);
    expect(discord.messages[0]).toMatchObject({
      attachments: [{ filename: 'snapshot.jpg', size: 9 }],
      pictures: [{ name: 'snapshot.jpg', at: 'embed' }],
    });
    expect((await call(url, 'POST', '?wait=true', formOf(body, 'other.jpg'))).status).toBe(400);
  });

  it('refuses forms with other parts, and lists of attachments that do not say what is there', async () => {
    const url = (await start({ limits: null })).webhookUrl();
    const strange = formOf({ content: 'a' }, '1.jpg');
    strange.append('file', new Blob(['x']), '2.jpg');
    expect((await call(url, 'POST', '', strange)).reply.errors).toHaveProperty('file');
    for (const attachments of [[], [{ id: 1 }], [{ id: 0, filename: '2.jpg' }], [{ id: 0, description: 'a'.repeat(1025) }]])
      expect((await call(url, 'POST', '', formOf({ content: 'a', attachments }, '1.jpg'))).reply.errors).toHaveProperty(
        'attachments',
      );
    expect((await call(url, 'POST', '', formOf({ content: 'a', attachments: [{ id: 0 }] }, '1.jpg'))).status).toBe(204);
  });

  it('refuses what is no key of a query', async () => {
    const url = (await start({ limits: null })).webhookUrl();
    expect((await call(url, 'POST', '?wait=true&thread=7', { content: 'a' })).reply.errors).toHaveProperty('thread');
  });

  it('says whom a message pings: by default users, in embeds nobody', async () => {
    const url = (await start()).webhookUrl();
    const content = '@everyone <@80351110224678912> <@&5>';
    for (const allowed_mentions of [undefined, { parse: [] }, { parse: ['everyone', 'roles'] }, { users: ['80351110224678912'] }])
      await call(url, 'POST', '', { content, allowed_mentions, embeds: [{ title: '@everyone' }] });
    expect(discord.messages.map(({ pings }) => pings)).toEqual([
      ['<@80351110224678912>'],
      [],
      ['@everyone', '<@&5>'],
      ['<@80351110224678912>'],
    ]);
  });
});

describe('its limits', () => {
  it('are 5 in 2 s of a webhook, announced, and 30 in 60 s of a channel, not announced', async () => {
    let now = Date.parse('2026-03-01T12:00:00Z');
    await start({ now: () => now });
    const [url, other] = [discord.webhookUrl({ channel: '1' }), discord.webhookUrl({ channel: '1' })];
    const post = (at = url) => call(at, 'POST', '', { content: 'a' });
    for (const left of ['4', '3', '2', '1', '0']) expect((await post()).headers.get('x-ratelimit-remaining')).toBe(left);
    now += 500;
    const own = await post();
    expect(own).toMatchObject({ status: 429, reply: { retry_after: 1.5, global: false } });
    expect(['retry-after', 'x-ratelimit-scope', 'x-ratelimit-reset-after'].map((name) => own.headers.get(name))).toEqual([
      '2',
      'user',
      '1.500',
    ]);
    expect((await post(other)).status).toBe(204);
    for (let n = 6; n < 30; n += 1) {
      now += 2000;
      expect((await post()).status).toBe(204);
    }
    now += 2000;
    const shared = await post();
    expect([shared.status, shared.reply.retry_after, shared.headers.get('x-ratelimit-scope')]).toEqual([429, 9.5, 'shared']);
    expect(Number(shared.headers.get('x-ratelimit-remaining'))).toBeGreaterThan(0);
    now += 9_500;
    expect((await post()).status).toBe(204);
  });

  it('end in a block of the address: no JSON, no headers', async () => {
    await start({ blockAfter: 2 });
    const url = discord.webhookUrl();
    for (let n = 0; n < 2; n += 1) expect((await call(`${url}x`, 'POST', '', { content: 'a' })).status).toBe(401);
    const { status, headers, reply } = await call(url, 'POST', '', { content: 'a' });
    expect([status, headers.get('x-ratelimit-limit'), headers.get('retry-after')]).toEqual([429, null, null]);
    expect(reply).toMatch(/^<!doctype html>.*1015/);
  });

  it('give way to what a test lays down, once each', async () => {
    const url = (await start()).webhookUrl();
    discord.answerNext({ status: 500 }, (request) => ({ status: 418, body: request.url }));
    expect((await call(url, 'POST', '', { content: 'a' })).status).toBe(500);
    expect(await call(url, 'POST', '?wait=1', {})).toMatchObject({ status: 418, reply: expect.stringMatching(/\?wait=1$/) });
    expect((await call(url, 'POST', '', { content: 'a' })).status).toBe(204);
    expect([discord.requests.length, discord.messages.length]).toEqual([3, 1]);
  });
});
