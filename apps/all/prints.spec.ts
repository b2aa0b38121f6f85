import { type DiscordProvider, discordProvider, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(1000)]);
const print = { printer: { id: 'p1', name: 'X1C' }, job: { id: '142', name: 'Benchy' } };
const at = (progress: number) => ({ type: 'job.progress', ...print, job: { ...print.job, progress } });

let discord: DiscordProvider;
let farm: Awaited<ReturnType<typeof testFarm>>;
beforeEach(async () => {
  discord = await discordProvider({ limits: null });
  farm = await testFarm(modules, { FARMBELL_DISCORD_ORIGIN: discord.origin });
});
afterEach(async () => {
  await farm?.stop();
  await discord?.close();
});

it('a print has one message that is edited, also after a restart; its end is a new one; one that is gone is posted anew', async () => {
  const made = await farm.call('POST', '/v1/channels', {
    name: 'prints',
    type: 'discord',
    events: ['job.*'],
    progress_every: { percent: 10, seconds: null },
    settings: { url: discord.webhookUrl() },
  });
  expect(made.body).toMatchObject({ progress: 'edit', progress_every: { percent: 10, seconds: null } });
  let published = 0;
  const publish = async (event: object) => {
    const id = `e${++published}`;
    expect((await farm.call('POST', '/v1/events', { ...event, id })).status).toBe(202);
    return until(`${id} has ended`, 15_000, async () => {
      const { data } = (await farm.call('GET', `/v1/deliveries?limit=50`)).body;
      return data.find((one: { event_id: string; outcome: string | null }) => one.event_id === id && one.outcome);
    });
  };
  await publish({ type: 'job.started', ...print });
  expect(discord.messages).toHaveLength(1);
  expect(await publish(at(12))).toMatchObject({ outcome: 'delivered' });
  expect(discord.messages.map(({ edits }) => edits)).toEqual([1]);
  expect(JSON.stringify(discord.messages[0]!.embeds)).toContain('12 %');
  expect(await publish(at(14))).toMatchObject({ outcome: 'suppressed', attempts: [] });
  await farm.restart();
  // the provider's own pace of edits may hold the next one back; a removed message is posted anew
  discord.messages.splice(0);
  const again = await until('the next edit is due', 60_000, async () => {
    const done = await publish(at(Math.min(99, 20 + published * 5)));
    return done.outcome === 'delivered' ? done : undefined;
  });
  expect(again.attempts.map(({ reason }: { reason: string | null }) => reason === null)).toEqual([false, true]);
  expect(discord.messages).toHaveLength(1);
  await publish({ type: 'job.succeeded', ...print });
  expect(discord.messages.map(({ edits, embeds }) => [edits, embeds[0]!.title])).toEqual([
    [0, 'Print Progress: Benchy (X1C)'],
    [0, 'Print Complete: Benchy (X1C)'],
  ]);
}, 120_000);

it('a hundred steps of one print are two messages and a few edits', async () => {
  await farm.call('POST', '/v1/channels', {
    name: 'prints',
    type: 'discord',
    events: ['job.*'],
    settings: { url: discord.webhookUrl() },
  });
  const steps = Array.from({ length: 100 }, (_, n) => ({ ...at(n + 1), id: `s${n + 1}` }));
  await farm.call('POST', '/v1/events', steps);
  await farm.call('POST', '/v1/events', { id: 'end', type: 'job.succeeded', ...print });
  const all = await until('all have ended', 30_000, async () => {
    const { data } = (await farm.call('GET', '/v1/deliveries?limit=200')).body;
    return data.length === 101 && data.every((one: { outcome: string | null }) => one.outcome) ? data : undefined;
  });
  expect(discord.messages.map(({ embeds }) => embeds[0]!.title)).toEqual([
    'Print Progress: Benchy (X1C)',
    'Print Complete: Benchy (X1C)',
  ]);
  expect(discord.messages[0]!.edits).toBeLessThanOrEqual(10);
  const outcomes = all.map((one: { outcome: string }) => one.outcome);
  expect(new Set(outcomes)).toEqual(new Set(['delivered', 'suppressed']));
}, 60_000);

it('a picture goes along where the provider takes one, and holds nothing back where it is missing or refused', async () => {
  await farm.call('POST', '/v1/channels', { name: 'c', type: 'discord', settings: { url: discord.webhookUrl() } });
  const snapshot = { content_type: 'image/png', base64: png.toString('base64') };
  await farm.call('POST', '/v1/events', { type: 'job.failed', ...print, snapshot });
  const [first] = await until('the first', 10_000, () => (discord.messages.length === 1 ? discord.messages : undefined));
  expect(first!.attachments).toEqual([expect.objectContaining({ filename: 'snapshot.png', size: png.length })]);
  expect(first!.embeds[0]!.image?.url).toBe('attachment://snapshot.png');
  await farm.call('POST', '/v1/events', { type: 'job.failed', ...print, snapshot: { url: 'http://10.0.0.1/camera.jpg' } });
  const second = await until('the second', 10_000, () => discord.messages[1]);
  expect(second.attachments).toEqual([]);
  discord.answerNext({ status: 413, body: { message: 'Request entity too large', code: 40005 } });
  await farm.call('POST', '/v1/events', { id: 'big', type: 'job.failed', ...print, snapshot });
  const third = await until('the third', 10_000, () => discord.messages[2]);
  expect(third.attachments).toEqual([]);
  const big = await until('it is recorded', 10_000, async () => {
    const { data } = (await farm.call('GET', '/v1/deliveries')).body;
    return data.find((one: { event_id: string; outcome: string }) => one.event_id === 'big' && one.outcome === 'delivered');
  });
  expect(big.attempts.map(({ status }: { status: number }) => status)).toEqual([413, 200]);
}, 60_000);
