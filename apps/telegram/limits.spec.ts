import { telegramProvider } from '#testing';
import { everyMs, limitsOf } from './limits.js';

const bot_token = `123456789:AA${'x'.repeat(33)}`;
const place = (chat_id: string) => ({ bot_token, chat_id });

/** When each of so many calls may begin at the earliest under these rates, ms from the first. */
function earliest(rates: readonly (readonly [number, number])[], calls: number): number[] {
  const begun: number[] = [];
  for (let n = 0; n < calls; n += 1) {
    const waits = rates.map(([count, ms]) => (begun.at(-count) ?? Number.NEGATIVE_INFINITY) + ms);
    begun.push(Math.max(begun.at(-1) ?? 0, ...waits));
  }
  return begun;
}

describe("Telegram's limits", () => {
  it.each([
    ['a person', 'private', 40],
    ['a group', 'supergroup', 65],
    ['a channel', 'channel', 45],
  ] as const)('are never met by what is sent to %s as fast as they allow', async (_, type, calls) => {
    const clock = { ms: Date.parse('2026-03-01T12:00:00Z') };
    const began = clock.ms;
    const provider = await telegramProvider({ now: () => clock.ms });
    const [token, chat_id] = [provider.newBot(), provider.newChat({ type })];
    const [chat] = limitsOf({ bot_token: token, chat_id });
    const statuses = new Set<number>();
    for (const at of earliest(chat?.rates ?? [], calls)) {
      clock.ms = began + at;
      const sent = await fetch(`${provider.origin}/bot${token}/sendMessage?chat_id=${chat_id}&text=${at}`);
      statuses.add(sent.status);
    }
    await provider.close();
    expect([...statuses]).toEqual([200]);
    expect(provider.messages).toHaveLength(calls);
  });

  it('of a bot are never met by what it sends to many as fast as they allow', async () => {
    const clock = { ms: Date.parse('2026-03-01T12:00:00Z') };
    const began = clock.ms;
    const provider = await telegramProvider({ now: () => clock.ms });
    const token = provider.newBot();
    const [, bot] = limitsOf({ bot_token: token, chat_id: '1' });
    const statuses = new Set<number>();
    for (const at of earliest(bot?.rates ?? [], 95)) {
      clock.ms = began + at;
      const chat_id = provider.newChat();
      statuses.add((await fetch(`${provider.origin}/bot${token}/sendMessage?chat_id=${chat_id}&text=a`)).status);
    }
    await provider.close();
    expect([...statuses]).toEqual([200]);
  });

  it('count by chat and by bot, in any spelling, and tell no secret', () => {
    const keys = (chat_id: string) => limitsOf(place(chat_id)).map(({ key }) => key);
    expect(keys('@PrintFarm')).toEqual(['telegram/chat/123456789/@printfarm', 'telegram/bot/123456789']);
    expect(keys('-100123')[1]).toBe(keys('42')[1]);
    expect(keys('-100123')[0]).not.toBe(keys('42')[0]);
    expect(JSON.stringify(limitsOf(place('42')))).not.toContain('AA');
    for (const chat of ['42', '-42', '@farm']) expect(limitsOf(place(chat))[0]).toMatchObject({ atOnce: 1 });
  });

  it('let a message be changed more rarely in a group, and when it is old', () => {
    const [minute, hours] = [60_000, 2 * 3600_000];
    expect(everyMs(minute, place('42'))).toBe(5_000);
    for (const group of ['-42', '-100123', '@farm']) {
      expect(everyMs(minute, place(group))).toBeGreaterThanOrEqual(15_000);
      expect(everyMs(hours, place(group))).toBeGreaterThan(everyMs(minute, place(group)));
    }
    expect(everyMs(hours, place('42'))).toBeGreaterThan(everyMs(minute, place('42')));
  });
});
