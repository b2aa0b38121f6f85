import { type DiscordOptions, type DiscordProvider, discordProvider, type WebhookOptions } from './discord.js';
import { callTo, embed, formOf } from './discord-client.js';

const thread = '1111111111111111';
const shows = (name: string) => embed({ title: 'a', image: { url: `attachment://${name}` } });

let discord: DiscordProvider;
let url: string;
afterEach(() => discord?.close());
const start = async (options: DiscordOptions = { limits: null }, webhook: WebhookOptions = {}) => {
  discord = await discordProvider(options);
  url = discord.webhookUrl(webhook);
};
const post = async (body: object, path = '') => (await callTo(discord)(url, 'POST', `?wait=true${path}`, body)).reply;
const patch = (id: string, body: object, path = '') => callTo(discord)(url, 'PATCH', `/messages/${id}${path}`, body);
const names = () => discord.messages[0]!.attachments.map((one) => one.filename);

describe('an edit at the local Discord', () => {
  it('changes what it names and keeps the rest', async () => {
    await start();
    const { id } = await post({ content: 'a', ...embed({ title: 'b' }) });
    expect((await patch(id, { content: 'c' })).reply).toMatchObject({ id, content: 'c', embeds: [{ title: 'b' }] });
    expect(discord.messages).toMatchObject([{ edits: 1 }]);
  });

  it('cannot change who speaks', async () => {
    await start();
    const { id } = await post({ content: 'a', username: 'Farm' });
    for (const key of ['username', 'avatar_url', 'thread_name', 'tts'])
      expect((await patch(id, { content: 'b', [key]: 'https://x.example/' })).reply.errors).toHaveProperty(key);
    expect((await patch(id, { content: 'b' }, '?wait=true')).status).toBe(400);
  });

  it('appends files, and keeps of the old ones those that are listed', async () => {
    await start();
    const { id } = await post(formOf({ content: 'a' }, '1.jpg'));
    await patch(id, formOf({}, '2.jpg'));
    expect(names()).toEqual(['1.jpg', '2.jpg']);
    await patch(
      id,
      formOf({ attachments: [{ id: 0, filename: '3.jpg' }, { id: discord.messages[0]!.attachments[1]!.id }] }, '3.jpg'),
    );
    expect(names()).toEqual(['2.jpg', '3.jpg']);
    expect((await patch(id, { attachments: [{ id: '7' }] })).status).toBe(400);
    await patch(id, { attachments: [] });
    expect(names()).toEqual([]);
  });

  it.each<[string, object, string[]]>([
    ['that keeps the file shows it twice', shows('1.jpg'), ['embed', 'beside']],
    ['that keeps the file and shows none shows it beside', embed({ title: 'a' }), ['beside']],
    ['that drops the file but still shows it leaves a dead link', { ...shows('1.jpg'), attachments: [] }, ['dead link']],
    ['that drops both shows none', { ...embed({ title: 'a' }), attachments: [] }, []],
    ['with a new file and no list shows both', formOf(shows('2.jpg'), '2.jpg'), ['embed', 'beside']],
    ['with a new file alone shows that', formOf({ ...shows('2.jpg'), attachments: [{ id: 0 }] }, '2.jpg'), ['embed']],
  ])('%s', async (_, body, seen) => {
    await start();
    const { id } = await post(formOf(shows('1.jpg'), '1.jpg'));
    expect((await patch(id, body)).status).toBe(200);
    expect(discord.messages[0]!.pictures.map(({ at }) => at)).toEqual(seen);
  });

  it('of a message older than an hour is one of few in its channel', async () => {
    let now = Date.parse('2026-03-01T12:00:00Z');
    await start({ now: () => now });
    const { id } = await post({ content: 'a' });
    for (let n = 0; n < 4; n += 1) expect((await patch(id, { content: `${n}` })).status).toBe(200);
    now += 3_600_001;
    const { id: fresh } = await post({ content: 'b' });
    for (let n = 0; n < 3; n += 1) expect((await patch(id, { content: `old ${n}` })).status).toBe(200);
    expect(await patch(id, { content: 'one too many' })).toMatchObject({
      status: 429,
      reply: { code: 30046, retry_after: 20, global: false },
    });
    now += 2_000;
    expect((await patch(fresh, { content: 'c' })).status).toBe(200);
    now += 18_000;
    expect((await patch(id, { content: 'd' })).status).toBe(200);
  });
});

describe('a thread at the local Discord', () => {
  beforeEach(() => start({ limits: null }, { threads: [thread] }));
  const inThread = `?thread_id=${thread}`;

  it('is opened by a message when it is archived, but not by an edit', async () => {
    const { id, channel_id } = await post({ content: 'a' }, `&thread_id=${thread}`);
    expect(channel_id).toBe(thread);
    discord.setThread(thread, 'archived');
    expect((await patch(id, { content: 'b' }, inThread)).reply.code).toBe(50083);
    await post({ content: 'c' }, `&thread_id=${thread}`);
    expect((await patch(id, { content: 'b' }, inThread)).status).toBe(200);
  });

  it.each([
    ['locked', 160005],
    ['deleted', 10003],
  ] as const)('that is %s takes nothing', async (state, code) => {
    const { id } = await post({ content: 'a' }, `&thread_id=${thread}`);
    discord.setThread(thread, state);
    expect((await post({ content: 'b' }, `&thread_id=${thread}`)).code).toBe(code);
    expect((await patch(id, { content: 'b' }, inThread)).reply.code).toBe(code);
    expect((await post({ content: 'b' })).content).toBe('b');
  });
});
