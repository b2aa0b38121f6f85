import { setTimeout as delay } from 'node:timers/promises';
import type { Report } from '#contracts';
import { until } from '#testing';
import { channelPlans } from './channels.js';
import type { Replica } from './fleet.js';
import type { Shown } from './records.js';

interface Page<T> {
  data: T[];
  next_cursor: string | null;
}
interface DeliveryRow {
  id: string;
  event_id: string;
  outcome: string | null;
  next_attempt_at: string | null;
  attempts: unknown[];
  folded_into: string | null;
}

const tries = 40;

/** The REST API as a person uses it, at whichever gateway answers. */
export class Api {
  private turn = 0;
  /** Ids of the channels, by name. */
  readonly channels: Record<string, string> = {};

  constructor(
    private readonly gateways: Replica[],
    private readonly token: string,
  ) {}

  /** The answer's body. Tries again while it is a 5xx, or none: services are coming back. Throws for any other refusal. */
  async call<T>(method: string, path: string, body?: object): Promise<T> {
    for (let n = 1; ; n++) {
      const gateway = this.gateways[this.turn++ % this.gateways.length]!;
      try {
        const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`, {
          method,
          headers: { authorization: `Bearer ${this.token}`, ...(body && { 'content-type': 'application/json' }) },
          ...(body && { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(20_000),
        });
        const text = await answer.text();
        if (answer.status < 300) return JSON.parse(text || 'null') as T;
        if (answer.status < 500 || n === tries) throw new Refused(`${method} ${path}: ${answer.status} ${text}`);
      } catch (error) {
        if (error instanceof Refused || n === tries) throw error;
      }
      await delay(500);
    }
  }

  /** Makes every channel of the plan. */
  async makeChannels(urls: Record<string, string>): Promise<void> {
    for (const { name, type, asks, settings } of channelPlans) {
      const made = await this.call<{ id: string }>('POST', '/v1/channels', {
        name,
        type,
        ...asks,
        settings: { url: urls[name], ...settings },
      });
      this.channels[name] = made.id;
    }
  }

  /** Every delivery of every channel. */
  async deliveries(): Promise<Shown[]> {
    const shown: Shown[] = [];
    for (const [channel, id] of Object.entries(this.channels)) {
      for await (const row of this.pages<DeliveryRow>(`/v1/channels/${id}/deliveries`)) {
        const { id: delivery, event_id: event, outcome, next_attempt_at, attempts, folded_into } = row;
        shown.push({
          delivery,
          channel,
          event,
          outcome,
          next_attempt_at,
          attempts: attempts.length,
          folded: folded_into !== null,
        });
      }
    }
    return shown;
  }

  /** What was published over NATS and refused: nothing should be. */
  async rejected(): Promise<unknown[]> {
    const rows: unknown[] = [];
    for await (const row of this.pages('/v1/rejected')) rows.push(row);
    return rows;
  }

  /** Resolves when a channel's deliveries are so many, and all wait for their next attempt. */
  allWait(channel: string, count: number, ms: number): Promise<unknown> {
    return until(`${count} deliveries of ${channel} wait`, ms, async () => {
      const page = await this.call<Page<DeliveryRow>>('GET', `/v1/channels/${this.channels[channel]}/deliveries?limit=500`);
      return page.data.filter((row) => row.outcome === null && row.next_attempt_at !== null).length >= count;
    });
  }

  /** Whether the API shows what a report says. */
  async shows({ delivery, attempt, outcome }: Pick<Report, 'delivery' | 'attempt' | 'outcome'>): Promise<boolean> {
    const row = await this.call<DeliveryRow>('GET', `/v1/deliveries/${delivery}`);
    return row.attempts.length >= (attempt?.n ?? 0) && (outcome === null || row.outcome !== null);
  }

  async stateOf(channel: string): Promise<{ enabled: boolean }> {
    return this.call('GET', `/v1/channels/${this.channels[channel]}`);
  }

  private async *pages<T>(path: string): AsyncGenerator<T> {
    let cursor: string | null = null;
    do {
      const page: Page<T> = await this.call('GET', `${path}?limit=500${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
      yield* page.data;
      cursor = page.next_cursor;
    } while (cursor !== null);
  }
}

class Refused extends Error {}
