import type { APIEmbed, RESTPostAPIWebhookWithTokenJSONBody } from 'discord-api-types/v10';
import { accept, type FarmEvent, type Severity } from '#contracts';
import { checkSettings, createHttp, describeSettings, egressPolicy, type Reply } from '#delivery';
import { conforms, type DiscordProvider, discordProvider } from '#testing';
import { discord } from './index.js';

const id = '1234567890123456789';
const token = 'aB3_'.repeat(17);
const pasted = `https://discord.com/api/webhooks/${id}/${token}`;
const policy = egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] });

conforms(discord, {
  // the suite sends hundreds of messages at once: limits have specs of their own
  provider: () => discordProvider({ limits: null }),
  settings: {
    given: (provider) => ({ url: provider.webhookUrl(), username: 'Print Farm', avatar_url: 'https://example.org/a.png' }),
    secrets: ['url'],
    good: [
      { url: `${pasted}/` },
      { url: `${pasted}?thread_id=${id}` },
      { url: pasted.replace('discord.com/api', 'canary.discordapp.com/api/v9') },
      { thread_id: '1234567890123456' },
      { username: null, avatar_url: null },
      { username: '🚀'.repeat(80) },
    ],
    bad: [
      ...[
        `${pasted}/slack`,
        `${pasted}/github`,
        `${pasted}?wait=true`,
        `${pasted}\n`,
        pasted.replace('https', 'http'),
        pasted.replace('discord.com', 'discord.com.example.org'),
        pasted.replace('https://', 'https://discord.com@example.org/'),
        pasted.replace(id, '123'),
        pasted.slice(0, -20),
        'https://example.org',
        '',
        7,
      ].map((url): [string, Record<string, unknown>] => ['url', { url }]),
      ['thread_id', { thread_id: 'general' }],
      ['thread_id', { thread_id: 1234567890123456 }],
      ['username', { username: 'Clyde the printer' }],
      ['username', { username: 'DISCORD' }],
      ['username', { username: ' ' }],
      ['username', { username: 'a'.repeat(81) }],
      ['avatar_url', { avatar_url: 'http://example.org/a.png' }],
      ['avatar_url', { avatar_url: 'no url' }],
    ],
  },
});

const eventOf = (input: object): FarmEvent => {
  const accepted = accept(input, { account: 'default', now: new Date('2026-03-01T12:00:00Z'), newId: () => 'e-1' });
  if ('errors' in accepted) throw new Error(JSON.stringify(accepted.errors));
  return accepted.event;
};
const render = (event: FarmEvent, settings = {}) =>
  discord.render(event, { url: pasted, ...settings }, { publicUrl: '' }) as RESTPostAPIWebhookWithTokenJSONBody;
const embedOf = (event: FarmEvent): APIEmbed => render(event).embeds![0]!;
const benchy = {
  type: 'job.succeeded',
  printer: { id: 'p1', name: 'X1C' },
  job: { id: '142', name: 'Benchy', duration_s: 4980 },
};

describe('a Discord message', () => {
  it("reads like O.D.I.N.'s example", () => {
    const { title, description, color, footer, timestamp, fields } = embedOf(
      eventOf({ ...benchy, time: '2026-03-01T12:00:00+01:00' }),
    );
    expect([title, description]).toEqual(['Print Complete: Benchy (X1C)', 'Job #142 completed on X1C after 1h 23m.']);
    expect([color, footer?.text, timestamp]).toEqual([65280, 'Farmbell', '2026-03-01T11:00:00.000Z']);
    expect(fields?.map(({ name, value }) => [name, value])).toEqual([
      ['Printer', 'X1C'],
      ['Job', 'Benchy'],
    ]);
  });

  it.each<[Severity, number]>([
    ['success', 65280],
    ['warning', 16753920],
    ['error', 16711680],
    ['critical', 16711680],
    ['info', 3447003],
  ])('of severity %s has the colour %i', (severity, color) => {
    expect(embedOf(eventOf({ ...benchy, severity })).color).toBe(color);
  });

  it('pings nobody and speaks under the name that was set', () => {
    expect(render(eventOf(benchy))).toMatchObject({ allowed_mentions: { parse: [] } });
    expect(render(eventOf(benchy))).not.toHaveProperty('username');
    expect(render(eventOf(benchy), { username: 'Farm', avatar_url: 'https://x.example/a.png' })).toMatchObject({
      username: 'Farm',
      avatar_url: 'https://x.example/a.png',
    });
  });

  it('uses the room there is: 256, 4096, and 6000 in all', () => {
    const whole = embedOf(
      eventOf({ ...benchy, title: 't'.repeat(500), message: 'm'.repeat(8000), printer: { name: 'p'.repeat(300) } }),
    );
    expect([whole.title, whole.description]).toEqual([`${'t'.repeat(255)}…`, `${'m'.repeat(4095)}…`]);
    expect(whole.fields?.map(({ value }) => value)).toEqual(['p'.repeat(300), 'Benchy']);
  });

  it('has a title where the event has a blank one', () => {
    expect(embedOf({ ...eventOf(benchy), title: ' \n', message: ' ' })).toMatchObject({ title: 'job.succeeded' });
    expect(embedOf({ ...eventOf(benchy), message: ' ' })).not.toHaveProperty('description');
  });

  it('links its title, or names an address that Discord would refuse there', () => {
    expect(embedOf(eventOf({ ...benchy, link: 'https://farm.example.org/142' })).url).toBe('https://farm.example.org/142');
    const local = embedOf(eventOf({ ...benchy, link: 'http://octopi:5000/142' }));
    expect(local).not.toHaveProperty('url');
    expect(local.fields?.at(-1)).toMatchObject({ name: 'Link', value: 'http://octopi:5000/142' });
  });
});

describe('a Discord call', () => {
  let provider: DiscordProvider;
  const http = createHttp({ policy, userAgent: 'DiscordBot (https://farm.example.org, 1)' });
  beforeAll(async () => {
    provider = await discordProvider();
  });
  afterAll(async () => {
    await http.close();
    await provider.close();
  });
  const send = (settings: { url: string; thread_id?: string }, event = eventOf(benchy)) =>
    discord.send(discord.render(event, settings, { publicUrl: '' }), settings, {
      deliveryId: 'd1',
      now: new Date(),
      http,
      origin: provider.origin,
    });

  it.each([
    'discord.com/api',
    'discord.com/api/v8',
    'ptb.discord.com/api/v10',
    'canary.discord.com/api',
    'discordapp.com/api/v6',
    'canary.discordapp.com/api',
  ])('to a URL of %s goes to v10 and waits for the message', async (host) => {
    const url = provider.webhookUrl().replace('discord.com/api', host);
    const reply = await send({ url });
    expect(provider.requests.at(-1)).toMatchObject({ method: 'POST', url: `/api/v10${url.split(host)[1]}?wait=true` });
    expect([reply.status, JSON.parse(reply.body).id]).toEqual([200, provider.messages.at(-1)?.id]);
  });

  it('goes into the thread of the settings, else of the URL', async () => {
    const [one, other] = ['1111111111111111', '2222222222222222'];
    const url = provider.webhookUrl({ forum: true, threads: [one, other] });
    for (const settings of [
      { url: `${url}?thread_id=${one}` },
      { url, thread_id: one },
      { url: `${url}?thread_id=${other}`, thread_id: one },
    ]) {
      expect((await send(settings)).status).toBe(200);
      expect(provider.messages.at(-1)).toMatchObject({ thread_id: one });
    }
    expect(discord.verdict?.(await send({ url }), { url })).toMatchObject({
      outcome: 'drop',
      meaning: expect.stringMatching(/thread_id/),
    });
  });

  it('pings nobody', async () => {
    const hostile = { ...eventOf(benchy), title: '@everyone', message: '<@80351110224678912> @here' };
    expect((await send({ url: provider.webhookUrl() }, hostile)).status).toBe(200);
    expect(provider.messages.at(-1)).toMatchObject({
      embeds: [{ title: '@everyone' }],
      pings: [],
      allowed_mentions: { parse: [] },
    });
  });

  it('that comes too soon is told how long to wait', async () => {
    const url = provider.webhookUrl();
    const replies: Reply[] = [];
    for (let n = 0; n < 6; n += 1) replies.push(await send({ url }));
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 200, 200, 429]);
    const verdict = discord.verdict?.(replies[5]!, { url });
    expect(verdict).toMatchObject({ outcome: 'retry', reason: 'rate_limited' });
    expect(verdict?.retryAfterMs).toBe(Math.ceil(JSON.parse(replies[5]!.body).retry_after * 1000));
  });

  it('to a webhook that was deleted, or with a wrong token, finds the destination gone', async () => {
    const url = provider.webhookUrl();
    const wrong = url.slice(0, -3).concat('AAA');
    expect(discord.verdict?.(await send({ url: wrong }), { url })).toMatchObject({ outcome: 'gone', reason: 'auth' });
    await fetch(url.replace('https://discord.com', provider.origin), {
      method: 'DELETE',
      headers: { 'user-agent': 'DiscordBot (x, 1)' },
    });
    expect(discord.verdict?.(await send({ url }), { url })).toMatchObject({ outcome: 'gone', reason: 'gone' });
  });

  it('that is blocked in front of Discord waits a minute', async () => {
    provider.cloudflare(true);
    const verdict = discord.verdict?.(await send({ url: provider.webhookUrl() }), { url: '' });
    provider.cloudflare(false);
    expect(verdict).toMatchObject({ outcome: 'retry', reason: 'rate_limited', retryAfterMs: 60_000 });
  });
});

describe('Discord settings', () => {
  const check = (settings: Record<string, unknown>) => checkSettings(discord, { settings }, { allowHttp: false, policy });

  it('say what a right URL looks like and where Discord shows it', () => {
    expect(() => check({ url: 'https://example.org' })).toThrow(
      expect.objectContaining({
        errors: [
          { path: 'settings.url', message: expect.stringMatching(/must look like https:\/\/discord\.com.*Copy Webhook URL/) },
        ],
      }),
    );
    expect(describeSettings(discord).settings.properties?.url).toMatchObject({
      secret: true,
      where: expect.stringMatching(/Integrations/),
    });
  });

  it("count by webhook, whatever the URL's form", () => {
    for (const url of [pasted, `${pasted}/`, pasted.replace('discord.com/api', 'ptb.discordapp.com/api/v9')])
      expect(check({ url }).scope).toBe(id);
  });
});
