/** What Telegram allows in which time. Its exact rules are secret; these are the figures of https://core.telegram.org/bots/faq */
export interface TelegramLimits {
  chat: Limit;
  /** Of a group or channel, on top. */
  group: Limit;
  bot: Limit;
  /** Uploads of more bytes than this wait for others of the very same size, so long each; too long a line is refused. */
  uploads: { bytes: number; eachMs: number; lineMs: number; retryAfterS: number };
}
interface Limit {
  requests: number;
  perMs: number;
}

/** The uploads': Client.cpp in https://github.com/tdlib/telegram-bot-api */
export const usualLimits: TelegramLimits = {
  chat: { requests: 1, perMs: 1_000 },
  group: { requests: 20, perMs: 60_000 },
  bot: { requests: 30, perMs: 1_000 },
  uploads: { bytes: 100_000, eachMs: 600, lineMs: 5_000, retryAfterS: 60 },
};

/** Counts requests in windows that slide with the time. `now` is in milliseconds. */
export class TelegramRates {
  private readonly begun = new Map<string, number[]>();
  private readonly lines = new Map<string, number>();

  constructor(
    private readonly limits: TelegramLimits,
    private readonly now: () => number,
  ) {}

  /** Seconds to wait when the request is one too many; else it is counted. */
  admit(bot: string, chat: { id: number; type: string }, uploaded = 0): number | undefined {
    const scopes: [key: string, limit: Limit][] = [
      [`${bot} ${chat.id}`, this.limits.chat],
      ...(chat.type === 'private' ? [] : ([[`${bot} group ${chat.id}`, this.limits.group]] as [string, Limit][])),
      [bot, this.limits.bot],
    ];
    const waitMs = Math.max(...scopes.map(([key, limit]) => this.waitMs(key, limit)));
    if (waitMs > 0) return Math.ceil(waitMs / 1000);
    if (uploaded > this.limits.uploads.bytes && !this.lineUp(`${bot} ${uploaded}`)) return this.limits.uploads.retryAfterS;
    for (const [key] of scopes) this.begun.set(key, [...(this.begun.get(key) ?? []), this.now()]);
    return undefined;
  }

  private waitMs(key: string, { requests, perMs }: Limit): number {
    const recent = (this.begun.get(key) ?? []).filter((at) => at > this.now() - perMs);
    this.begun.set(key, recent);
    const blocking = recent.at(-requests);
    return blocking === undefined ? 0 : blocking + perMs - this.now();
  }

  private lineUp(key: string): boolean {
    const { eachMs, lineMs } = this.limits.uploads;
    const free = Math.max(this.lines.get(key) ?? 0, this.now()) + eachMs;
    if (free - this.now() > lineMs) return false;
    this.lines.set(key, free);
    return true;
  }
}
