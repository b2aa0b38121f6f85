/** What Discord allows in which time. Its documentation gives no numbers; these were observed: https://github.com/discord/discord-api-docs/issues/367 */
export interface DiscordLimits {
  /** Of one webhook; announced in the X-RateLimit headers. */
  webhook: Limit;
  /** Of one channel, shared by all its webhooks; announced nowhere. */
  channel: Limit;
  /** Edits of messages that are older than an hour, of one channel; announced nowhere: https://github.com/circuitsacul/starboard-4/issues/118 */
  oldEdits: Limit;
}
interface Limit {
  requests: number;
  perMs: number;
}

export const observedLimits: DiscordLimits = {
  webhook: { requests: 5, perMs: 2_000 },
  channel: { requests: 30, perMs: 60_000 },
  oldEdits: { requests: 3, perMs: 20_000 },
};

export const oldMs = 3_600_000;

export interface Admission {
  /** Seconds to wait, when the request is one too many. */
  waitS?: number;
  scope: 'user' | 'shared';
  headers: Record<string, string>;
}

/** Counts requests in fixed windows that begin with their first request, as Discord's do. `now` is in milliseconds. */
export class DiscordBuckets {
  private readonly windows = new Map<string, { until: number; left: number }>();

  constructor(
    private readonly limits: DiscordLimits,
    private readonly now: () => number,
  ) {}

  admit(webhook: string, channel: string): Admission {
    const own = this.windowOf(`webhook ${webhook}`, this.limits.webhook);
    const shared = this.windowOf(`channel ${channel}`, this.limits.channel);
    const full = own.left === 0 ? own : shared.left === 0 ? shared : undefined;
    if (!full) {
      own.left -= 1;
      shared.left -= 1;
    }
    const waitS = full && (full.until - this.now()) / 1000;
    return { ...(waitS !== undefined && { waitS }), scope: full === shared ? 'shared' : 'user', headers: this.headers(own) };
  }

  /** Seconds to wait, when this edit of an old message is one too many. */
  admitOldEdit(channel: string): number | undefined {
    const window = this.windowOf(`old edits ${channel}`, this.limits.oldEdits);
    if (window.left === 0) return (window.until - this.now()) / 1000;
    window.left -= 1;
    return undefined;
  }

  private windowOf(key: string, limit: Limit): { until: number; left: number } {
    const known = this.windows.get(key);
    if (known && this.now() < known.until) return known;
    const fresh = { until: this.now() + limit.perMs, left: limit.requests };
    this.windows.set(key, fresh);
    return fresh;
  }

  private headers({ until, left }: { until: number; left: number }): Record<string, string> {
    return {
      'x-ratelimit-limit': String(this.limits.webhook.requests),
      'x-ratelimit-remaining': String(left),
      'x-ratelimit-reset': (until / 1000).toFixed(3),
      'x-ratelimit-reset-after': ((until - this.now()) / 1000).toFixed(3),
      'x-ratelimit-bucket': '41f9cd5d28af77da04563bcb1d67fdfd',
    };
  }
}
