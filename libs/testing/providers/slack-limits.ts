/** What Slack takes of one webhook: https://docs.slack.dev/apis/web-api/rate-limits */
export interface SlackLimits {
  /** One message in so many ms. */
  perMs: number;
  /** So many at once, when none came for a while: Slack allows bursts without a number. */
  burst: number;
  /** Who exceeds it waits so long, and is refused until then. */
  waitS: number;
}

export const documentedLimits: SlackLimits = { perMs: 1000, burst: 3, waitS: 30 };

/** `now` is in milliseconds. */
export class SlackPace {
  private readonly hooks = new Map<string, { left: number; at: number; blockedUntil: number }>();

  constructor(
    private readonly limits: SlackLimits,
    private readonly now: () => number,
  ) {}

  /** Seconds to wait, when this message is one too many. */
  waitS(webhook: string): number | undefined {
    const { perMs, burst, waitS } = this.limits;
    const now = this.now();
    const before = this.hooks.get(webhook) ?? { left: burst, at: now, blockedUntil: 0 };
    if (now < before.blockedUntil) return Math.ceil((before.blockedUntil - now) / 1000);
    const left = Math.min(burst, before.left + (now - before.at) / perMs);
    const blocked = left < 1;
    this.hooks.set(webhook, { left: blocked ? left : left - 1, at: now, blockedUntil: blocked ? now + waitS * 1000 : 0 });
    return blocked ? waitS : undefined;
  }
}
