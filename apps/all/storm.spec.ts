import { type DiscordProvider, discordProvider, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

interface Shown {
  id: string;
  event_id: string;
  event_type: string;
  outcome: string | null;
  folded_into: string | null;
  attempts: { status: number }[];
}

let discord: DiscordProvider;
let farm: Awaited<ReturnType<typeof testFarm>>;
beforeAll(async () => {
  discord = await discordProvider();
  farm = await testFarm(modules, { FARMBELL_DISCORD_ORIGIN: discord.origin });
});
afterAll(async () => {
  await farm?.stop();
  await discord?.close();
});

it('a storm at one Discord webhook ends in one summary, is never refused, and another webhook does not notice', async () => {
  const make = async (name: string, events: string[]) =>
    (await farm.call('POST', '/v1/channels', { name, type: 'discord', events, settings: { url: discord.webhookUrl() } })).body
      .id as string;
  const stormy = await make('stormy', ['job.failed', 'detection.*']);
  await make('calm', ['order.closed']);
  const count = 90;
  const events = Array.from({ length: count }, (_, n) => ({
    id: `e${n}`,
    type: n === 80 ? 'detection.spaghetti' : 'job.failed',
    printer: { id: `p${n % 50}`, name: `Printer ${n % 50}` },
  }));
  expect((await farm.call('POST', '/v1/events', events)).status).toBe(202);
  await farm.call('POST', '/v1/events', { id: 'calm', type: 'order.closed', order: { number: '7' } });
  await until('the calm one', 10_000, () => discord.messages.some(({ embeds }) => embeds[0]?.title?.startsWith('Order Closed')));
  const first = discord.messages.length;
  expect(first).toBeLessThan(40);

  const deliveries = await until('all have ended', 150_000, async () => {
    const { data } = (await farm.call('GET', `/v1/channels/${stormy}/deliveries?limit=200`)).body as { data: Shown[] };
    return data.length > count && data.every(({ outcome }) => outcome === 'delivered') ? data : undefined;
  });
  const summaries = deliveries.filter(({ event_type }) => event_type === 'channel.summary');
  expect(summaries).toHaveLength(1);
  const folded = deliveries.filter(({ folded_into }) => folded_into !== null);
  expect(folded.map(({ folded_into }) => folded_into)).toEqual(folded.map(() => summaries[0]!.id));
  expect(folded.every(({ attempts }) => attempts.length === 0)).toBe(true);
  expect(folded.length).toBeGreaterThan(10);
  // each was either sent or folded, once
  const sent = discord.messages.filter(({ embeds }) => !embeds[0]?.title?.startsWith('Order Closed'));
  expect(sent).toHaveLength(count - folded.length + 1);
  const summary = sent.at(-1)!.embeds[0]!;
  expect(summary.title).toBe(`${folded.length} notifications in one message`);
  expect(summary.description).toMatch(/^\d+ notifications: 1 × Spaghetti Detected, \d+ × Print Failed/);
  // the limit was kept before it was hit
  expect(deliveries.flatMap(({ attempts }) => attempts).filter(({ status }) => status === 429)).toEqual([]);
}, 240_000);
