import type { Reply } from '#delivery';
import { benchy, type Caller, caller, eventOf } from './harness.js';
import { discord } from './index.js';

const [one, other] = ['1111111111111111', '2222222222222222'];

describe('a Discord call', () => {
  let discordCaller: Caller;
  beforeAll(async () => {
    discordCaller = await caller();
  });
  afterAll(() => discordCaller.close());
  const sendTo = (settings: { url: string; thread_id?: string }) =>
    discord.send(discord.render(eventOf(benchy), settings, { publicUrl: '' }), settings, {
      deliveryId: 'd1',
      now: new Date(),
      http: discordCaller.http,
      origin: discordCaller.provider.origin,
    });

  it.each([
    'discord.com/api',
    'discord.com/api/v8',
    'ptb.discord.com/api/v10',
    'canary.discord.com/api',
    'discordapp.com/api/v6',
    'canary.discordapp.com/api',
  ])('to a URL of %s goes to v10 and waits for the message', async (host) => {
    const { provider } = discordCaller;
    const url = provider.webhookUrl().replace('discord.com/api', host);
    const reply = await sendTo({ url });
    expect(provider.requests.at(-1)).toMatchObject({ method: 'POST', url: `/api/v10${url.split(host)[1]}?wait=true` });
    expect([reply.status, JSON.parse(reply.body).id]).toEqual([200, provider.messages.at(-1)?.id]);
  });

  it('goes into the thread of the settings, else of the URL', async () => {
    const { provider } = discordCaller;
    const url = provider.webhookUrl({ forum: true, threads: [one, other] });
    for (const settings of [
      { url: `${url}?thread_id=${one}` },
      { url, thread_id: one },
      { url: `${url}?thread_id=${other}`, thread_id: one },
    ]) {
      expect((await sendTo(settings)).status).toBe(200);
      expect(provider.messages.at(-1)).toMatchObject({ thread_id: one });
    }
    expect(discord.verdict?.(await sendTo({ url }), { url })).toMatchObject({
      outcome: 'drop',
      meaning: expect.stringMatching(/thread_id/),
    });
  });

  it('pings nobody, also when it changes a message', async () => {
    const hostile = { ...eventOf(benchy), title: '@everyone', message: '<@80351110224678912> @here' };
    const { ref } = await discordCaller.send({ event: hostile });
    for (const edits of [undefined, ref]) {
      expect((await discordCaller.send({ event: hostile, edits })).reply.status).toBe(200);
      expect(discordCaller.provider.messages.at(-1)).toMatchObject({
        embeds: [{ title: '@everyone' }],
        pings: [],
        allowed_mentions: { parse: [] },
      });
    }
  });

  it('to a webhook that was deleted, or with a wrong token, finds the destination gone', async () => {
    const { provider } = discordCaller;
    const url = provider.webhookUrl();
    const wrong = url.slice(0, -3).concat('AAA');
    expect(discord.verdict?.(await sendTo({ url: wrong }), { url })).toMatchObject({ outcome: 'gone', reason: 'auth' });
    await fetch(url.replace('https://discord.com', provider.origin), {
      method: 'DELETE',
      headers: { 'user-agent': 'DiscordBot (x, 1)' },
    });
    expect(discord.verdict?.(await sendTo({ url }), { url })).toMatchObject({ outcome: 'gone', reason: 'gone' });
  });
});

describe('a Discord call that comes too soon', () => {
  it('was announced by the one before, is told how long to wait, and waits for its webhook alone', async () => {
    const limited = await caller({});
    const replies: Reply[] = [];
    for (let n = 0; n < 6; n += 1) replies.push((await limited.send()).reply);
    const holds = replies.map((reply) => discord.holds?.(reply, limited.settings));
    const verdict = discord.verdict?.(replies[5]!, limited.settings);
    await limited.close();
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 200, 200, 429]);
    expect(holds.map((hold) => hold?.key)).toEqual([
      ...Array(4).fill(undefined),
      ...Array(2).fill(discord.limits?.(limited.settings)[0]?.key),
    ]);
    const waits = Math.ceil(JSON.parse(replies[5]!.body).retry_after * 1000);
    expect(verdict).toMatchObject({ outcome: 'retry', reason: 'rate_limited', retryAfterMs: waits });
    expect(holds[5]?.ms).toBe(waits);
  });

  it('of too many in its channel is held as one of its webhook', async () => {
    const limited = await caller({ limits: { channel: { requests: 1, perMs: 60_000 } } });
    await limited.send();
    const { reply, verdict } = await limited.send();
    await limited.close();
    expect([reply.status, reply.headers['x-ratelimit-remaining']]).toEqual([429, '4']);
    expect(discord.holds?.(reply, limited.settings)).toEqual({
      key: discord.limits?.(limited.settings)[0]?.key,
      ms: verdict?.retryAfterMs,
    });
  });

  it('is blocked in front of Discord: everything waits, a minute', async () => {
    const blocked = await caller();
    blocked.provider.cloudflare(true);
    const { reply, verdict } = await blocked.send();
    await blocked.close();
    expect(verdict).toMatchObject({ outcome: 'retry', reason: 'rate_limited', retryAfterMs: 60_000 });
    expect(discord.holds?.(reply, blocked.settings)).toEqual({ key: 'discord', ms: 60_000 });
  });
});

describe('verifying a Discord webhook', () => {
  let verifying: Caller;
  beforeEach(async () => {
    verifying = await caller();
  });
  afterEach(() => verifying.close());
  const faults = (url: string, http = verifying.http) => discord.verify?.({ url }, { http, origin: verifying.provider.origin });

  it('finds nothing wrong with one that is there, and shows nobody anything', async () => {
    expect(await faults(verifying.settings.url)).toEqual([]);
    expect(verifying.provider.requests.map(({ method }) => method)).toEqual(['GET']);
    expect(verifying.provider.messages).toEqual([]);
  });

  it.each<[string, (caller: Caller) => string, RegExp]>([
    [
      'is unknown',
      ({ settings }) => settings.url.replace(/\d{16,}/, '1234567890123456'),
      /does not know.*New Webhook.*Copy Webhook URL/,
    ],
    ['has another token', ({ settings }) => `${settings.url.slice(0, -3)}AAA`, /token.*copy the whole URL.*Copy Webhook URL/],
    ['follows a channel', ({ provider }) => provider.webhookUrl({ type: 2 }), /takes no messages.*New Webhook/],
  ])('says what to do with one that %s', async (_, urlOf, message) => {
    expect(await faults(urlOf(verifying))).toEqual([['url', expect.stringMatching(message)]]);
  });

  it('says when it could not be checked, and not why the settings are wrong', async () => {
    const unchecked = [['url', expect.stringMatching(/could not be checked.*Try again/)]];
    for (const answer of [{ status: 503 }, { status: 200, body: '<html>' }, { status: 404, body: '<html>' }, { status: 429 }]) {
      verifying.provider.answerNext(answer);
      expect(await faults(verifying.settings.url)).toEqual(unchecked);
    }
    const { origin } = verifying.provider;
    await verifying.provider.close();
    const found = await discord.verify?.(verifying.settings, { http: verifying.http, origin });
    expect(found).toEqual(unchecked);
    expect(JSON.stringify(found)).not.toContain(verifying.settings.url.split('/').at(-1));
  });
});
