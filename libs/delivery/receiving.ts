import { type Bus, pause } from '#bus';
import type { Delivery, Report } from '#contracts';
import type { Channel, Receipt } from './channel.js';
import type { ChannelCache } from './channel-cache.js';
import type { Http } from './http/index.js';
import type { Memory } from './memory.js';
import { subjectOf } from './reports.js';
import type { Scopes } from './scopes.js';

/** A provider forgets a receipt by then. */
const keptMs = 7 * 86_400_000;

/** A message that somebody is to acknowledge, and what to say when that happens. */
interface Open {
  lane: number;
  printer: string | null;
  report: Omit<Report, 'at' | 'meaning' | 'acknowledged'>;
}

export interface ReceivingParts {
  bus: Bus;
  channel: Channel;
  cache: ChannelCache;
  memory: Memory;
  scopes: Scopes;
  http: Http;
  origin: string;
  lanes: () => number[];
  onError: (error: unknown) => void;
  signal: AbortSignal;
}

/** Messages that wait for a person at the provider: watched until somebody acknowledges them, and called off when the trouble is over. */
export class Receiving {
  constructor(private readonly parts: ReceivingParts) {}

  /** After a message was taken: it may have a receipt. */
  async opened(delivery: Delivery, reply: Parameters<NonNullable<Channel['receipts']>['of']>[0]): Promise<void> {
    const { channel, memory, onError } = this.parts;
    const receipt = channel.receipts?.of(reply);
    if (!receipt || delivery.test) return;
    const { id, account, channel: to, channel_type, event, epoch, created_at, lane } = delivery;
    const report = {
      delivery: id,
      account,
      channel: to,
      channel_type,
      event_id: event.id,
      event_type: event.type,
      epoch,
      created_at,
      outcome: 'delivered' as const,
      reason: null,
      next_attempt_at: null,
    };
    const open: Open = { lane, printer: event.printer?.id ?? null, report };
    await memory.put(keyOf(to, receipt), open, keptMs).catch(onError);
  }

  /** Before a message that says that the trouble is over: what still calls for somebody because of it is called off. */
  async clear({ channel: to, event }: Delivery, settings: Record<string, unknown>): Promise<void> {
    const { channel, memory, http, origin, onError } = this.parts;
    if (!channel.receipts?.clears(event)) return;
    const printer = event.printer?.id ?? null;
    const open = await memory.list<Open>(keyOf(to, '')).catch(onError);
    for (const { key, value } of open ?? []) {
      if (value.printer !== printer) continue;
      try {
        await channel.receipts.cancel(receiptOf(key), settings, { http, origin });
        await memory.delete(key);
      } catch (error) {
        onError(error);
      }
    }
  }

  /** Asks for each open receipt, as often as the provider allows. */
  async run(): Promise<void> {
    const { channel, memory, lanes, onError, signal } = this.parts;
    if (!channel.receipts) return;
    while (!signal.aborted) {
      await pause(channel.receipts.everyMs, signal);
      const mine = lanes();
      const open = mine.length > 0 ? await memory.list<Open>('receipt/').catch(onError) : [];
      for (const one of open ?? [])
        if (mine.includes(one.value.lane) && !signal.aborted) await this.look(one.key, one.value).catch(onError);
    }
  }

  private async look(key: string, { report }: Open): Promise<void> {
    const { channel, cache, memory, scopes, http, origin, signal } = this.parts;
    const ready = await cache.get(report.channel, 0);
    if (ready === 'older') return;
    if (ready === 'deleted') return memory.delete(key);
    const limits = channel.limits?.(ready.settings) ?? [];
    // its provider may have asked for a long pause, and others' receipts come after it
    if (signal.aborted || scopes.pausedMs(limits) > 0) return;
    const leave = await scopes.enter({ limits, group: report.channel, until: Date.now() + channel.receipts!.everyMs });
    if (!leave) return;
    const receipt = await channel.receipts!.read(receiptOf(key), ready.settings, { http, origin }).finally(() => leave(true));
    if (!receipt) return;
    await this.tell(report, receipt);
    if (receipt.ended) await memory.delete(key);
  }

  private async tell(head: Open['report'], { acknowledged_at, acknowledged_by }: Receipt): Promise<void> {
    if (!acknowledged_at) return;
    const report: Report = {
      ...head,
      at: acknowledged_at,
      meaning: 'Somebody has acknowledged it.',
      acknowledged: { at: acknowledged_at, by: acknowledged_by ?? null },
    };
    await this.parts.bus.publish(subjectOf(report), report, { id: `${head.delivery}:acknowledged` });
  }
}

const keyOf = (channel: string, receipt: string) => `receipt/${channel}/${receipt}`;
const receiptOf = (key: string) => key.slice(key.lastIndexOf('/') + 1);
