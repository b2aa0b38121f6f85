import { type Bus, pause } from '#bus';
import { type Delivery, type Report, subjects } from '#contracts';
import { attempt } from './attempt.js';
import type { Channel, Links, Verdict } from './channel.js';
import type { ChannelCache, Ready } from './channel-cache.js';
import { Finished } from './finished.js';
import type { Http } from './http/index.js';
import { observe } from './metrics.js';
import { expiry, next } from './retry.js';
import type { Waiting } from './waiting.js';

/** A delivery in hand, from the work queue or from the waiting table. */
export interface Item {
  delivery: Delivery;
  /** Its place in the work queue: the order within its channel. */
  seq: number;
  /** Gives it up for good: what became of it is stored. */
  settle: () => Promise<void> | void;
  /** Gives it up because its row waits for the next attempt. */
  wait: () => Promise<void> | void;
  /** Its lane is another process's now: leave it alone. */
  lost: () => boolean;
}

export interface WorkerParts {
  bus: Bus;
  channel: Channel;
  cache: ChannelCache;
  waiting: Waiting;
  finished: Finished;
  http: Http;
  origin: string;
  links: Links;
  /** Why an address may not be reached. */
  refused: (url: string) => string | undefined;
  onWait: (due: Date) => void;
  onError: (error: unknown) => void;
  signal: AbortSignal;
}

/**
 * Works one delivery off, in the order that makes a crash harmless: attempt, waiting row (if it goes on), report, settle.
 * What fails before the attempt is ours and is tried again; after it, it is stored again and again, but never sent again.
 */
export class Worker {
  constructor(private readonly parts: WorkerParts) {}

  async work(item: Item): Promise<void> {
    const { delivery } = item;
    const { finished, signal } = this.parts;
    while (!signal.aborted && !item.lost()) {
      if (finished.has(delivery.id, delivery.attempt)) return this.surely(async () => item.settle());
      const ready = await this.ready(delivery);
      if (ready !== 'older') return this.decide(item, ready);
      await pause(250, signal);
    }
  }

  /** The channel; `older` too when it cannot be read now. */
  private async ready(delivery: Delivery): Promise<Ready | 'deleted' | 'older'> {
    try {
      return await this.parts.cache.get(delivery.channel, delivery.version);
    } catch (error) {
      this.parts.onError(error);
      return 'older';
    }
  }

  private async decide(item: Item, ready: Ready | 'deleted'): Promise<void> {
    const { delivery } = item;
    const now = new Date();
    if (ready === 'deleted') return this.end(item, 'cancelled', 'The channel was deleted.');
    const { copy } = ready;
    if (!delivery.test && (copy.epoch > delivery.epoch || !copy.enabled))
      return this.end(item, 'cancelled', 'The channel was disabled.');
    if (!delivery.test && now.getTime() > expiry(delivery, copy))
      return this.end(item, 'expired', 'It was not delivered before its time was over.');
    return this.send(item, ready);
  }

  private async send(item: Item, ready: Ready): Promise<void> {
    const { delivery } = item;
    const { channel, http, origin, links, refused, waiting, onWait } = this.parts;
    const { attempt: made, verdict } = await attempt(channel, delivery, ready.settings, {
      http,
      origin,
      links,
      secrets: ready.secrets,
      refused,
    });
    const first = delivery.first_attempt_at ?? made.at;
    const then = next(delivery, verdict, ready.copy, channel.retry.schedule, new Date());
    const body: Delivery = { ...delivery, attempt: delivery.attempt + 1, first_attempt_at: first };
    if ('at' in then) {
      await this.surely(() => waiting.put({ seq: item.seq, cause: 'retry', due: then.at, body }));
      onWait(then.at);
    }
    const outcome = 'outcome' in then ? then.outcome : null;
    await this.report(delivery, {
      ...headOf(delivery, ready.copy.organization),
      at: made.at,
      first_attempt_at: first,
      attempt: made,
      outcome,
      reason: outcome === 'expired' ? 'expired' : verdict.reason,
      next_attempt_at: 'at' in then ? then.at.toISOString() : null,
      meaning: verdict.meaning,
      ...(verdict.outcome === 'gone' && !delivery.test && { gone: true as const }),
      ...(isOutage(channel, verdict) && { outage: true as const }),
    });
    observe(channel.type, delivery, made, outcome);
    await this.surely(async () => (outcome === null ? item.wait() : item.settle()));
  }

  async end(item: Item, outcome: 'cancelled' | 'expired', meaning: string): Promise<void> {
    const { delivery } = item;
    await this.report(delivery, {
      ...headOf(delivery),
      at: new Date().toISOString(),
      first_attempt_at: delivery.first_attempt_at,
      outcome,
      reason: outcome === 'expired' ? 'expired' : 'disabled',
      next_attempt_at: null,
      meaning,
    });
    observe(this.parts.channel.type, delivery, undefined, outcome);
    await this.surely(async () => item.settle());
  }

  private async report({ test }: Delivery, report: Report): Promise<void> {
    const { bus, finished } = this.parts;
    const key = report.attempt ? Finished.key(report.delivery, report.attempt.n) : `${report.delivery}:end`;
    finished.add(key);
    await this.surely(() => bus.publish(subjects.attempt(report.channel_type, report.channel), report, { id: key }));
    if (test) bus.nc.publish(test.reply, JSON.stringify(report));
  }

  /** What must be stored is tried until it is: surroundings may be away for a while. */
  private async surely(store: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await store();
        return;
      } catch (error) {
        this.parts.onError(error);
        if (this.parts.signal.aborted) throw error;
        await pause(500, this.parts.signal);
      }
    }
  }
}

const headOf = (delivery: Delivery, organization?: string | null) => ({
  delivery: delivery.id,
  account: delivery.account,
  ...(organization && { organization }),
  channel: delivery.channel,
  channel_type: delivery.channel_type,
  event_id: delivery.event.id,
  event_type: delivery.event.type,
  epoch: delivery.epoch,
  created_at: delivery.created_at,
  ...(delivery.test && { test: true as const }),
  ...(delivery.replay_of && { replay_of: delivery.replay_of }),
});

const outages = new Set(['server', 'timeout', 'dns', 'network']);
const isOutage = (channel: Channel, { reason }: Verdict) => channel.chat && reason !== null && outages.has(reason);
