import {
  type DiscordProvider,
  discordProvider,
  type Receiver,
  receiver,
  type TelegramProvider,
  telegramProvider,
  until,
} from '#testing';
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
let telegram: TelegramProvider;
let hook: Receiver;
let farm: Awaited<ReturnType<typeof testFarm>>;
beforeAll(async () => {
  [discord, telegram, hook] = await Promise.all([discordProvider(), telegramProvider(), receiver()]);
  farm = await testFarm(modules, { FARMBELL_DISCORD_ORIGIN: discord.origin, FARMBELL_TELEGRAM_ORIGIN: telegram.origin });
});
afterAll(async () => {
  await farm?.stop();
  await Promise.all([discord?.close(), telegram?.close(), hook?.close()]);
});

it('a storm at one Discord webhook ends in one summary, is never refused, and nobody else notices', async () => {
  const make = async (name: string, events: string[]) =>
    (await farm.call('POST', '/v1/channels', { name, type: 'discord', events, settings: { url: discord.webhookUrl() } })).body
      .id as string;
  const stormy = await make('stormy', ['job.failed', 'detection.*']);
  await make('calm', ['order.closed']);
  const chat = { bot_token: telegram.newBot(), chat_id: telegram.newChat() };
  await farm.call('POST', '/v1/channels', { name: 'chat', type: 'telegram', events: ['order.closed'], settings: chat });
  await farm.call('POST', '/v1/channels', {
    name: 'hook',
    type: 'webhook',
    events: ['job.failed', 'detection.*'],
    settings: { url: hook.origin },
  });
  const count = 200;
  const events = Array.from({ length: count }, (_, n) => ({
    id: `e${n}`,
    type: n === 150 ? 'detection.spaghetti' : 'job.failed',
    printer: { id: `p${n % 50}`, name: `Printer ${n % 50}` },
  }));
  expect((await farm.call('POST', '/v1/events', events)).status).toBe(202);
  await farm.call('POST', '/v1/events', { id: 'calm', type: 'order.closed', order: { number: '7' } });
  await until('the calm one', 10_000, () => discord.messages.some(({ embeds }) => embeds[0]?.title?.startsWith('Order Closed')));
  await until('the chat', 10_000, () => telegram.messages.length === 1);
  await until('all at the webhook', 15_000, () => hook.requests.length === count);
  // none of them waited for the storm, of which no more than what the limit allows has gone out
  expect(discord.messages.length).toBeLessThan(40);

  const deliveries = await until('all have ended', 150_000, async () => {
    const { data } = (await farm.call('GET', `/v1/channels/${stormy}/deliveries?limit=500`)).body as { data: Shown[] };
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
