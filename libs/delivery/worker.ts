import { type Bus, pause } from '#bus';
import type { Delivery, FarmEvent } from '#contracts';
import { newTrace } from '#runtime';
import { attempt } from './attempt.js';
import type { Channel, Links } from './channel.js';
import type { ChannelCache, Ready } from './channel-cache.js';
import { type Concluded, conclude } from './concluding.js';
import { Finished } from './finished.js';
import { type Http, NotBegun } from './http/index.js';
import { observe } from './metrics.js';
import type { Pictures } from './pictures.js';
import type { Prints } from './prints.js';
import type { Receiving } from './receiving.js';
import { ended, tell, tellFolded } from './reports.js';
import { expiry } from './retry.js';
import type { Limit, Scopes } from './scopes.js';
import type { Surely } from './surely.js';
import { beginDelivery, endDelivery, logReport } from './telling.js';
import type { Waiting, WaitingRow } from './waiting.js';

/** A delivery in hand, from the work queue or from the waiting table. */
export interface Item {
  delivery: Delivery;
  /** Its place in the work queue: the order within its channel. */
  seq: number;
  /** Gives it up for good: what became of it is stored. */
  settle: () => Promise<void> | void;
  /** Gives it up because its row waits for the next attempt. */
  wait: () => Promise<void> | void;
  /** It has waited for its provider's limit, or for its channel's turn. */
  limited?: boolean;
  /** Its lane is another process's now, or is being given away: nothing more is begun with it. */
  lost: () => boolean;
  /** Its lane may be another process's: also what was begun with it is not sent any more. */
  gone: () => boolean;
}

/** What the dispatcher says of a delivery whose turn it is. */
export interface Turn {
  /** It is to go back to the table: its channel's backlog becomes one summary. */
  yields: () => boolean;
  /** It has waited for so long behind others that they are to be folded. */
  isLate: (delivery: Delivery) => boolean;
  fold: () => void;
  /** It goes on in place, with a row of its own by now. */
  goesOn: (item: Item) => void;
}

export interface WorkerParts {
  bus: Bus;
  channel: Channel;
  cache: ChannelCache;
  waiting: Waiting;
  finished: Finished;
  scopes: Scopes;
  prints: Prints;
  pictures: Pictures;
  receiving: Receiving;
  http: Http;
  origin: string;
  links: Links;
  pageOf: (event: FarmEvent) => string;
  /** Why an address may not be reached. */
  refused: (url: string) => string | undefined;
  /** A row as an item. */
  itemOf: (row: Pick<WaitingRow, 'seq' | 'cause' | 'body'>) => Item;
  onWait: (due: Date) => void;
  onError: (error: unknown) => void;
  surely: Surely;
  signal: AbortSignal;
}

/**
 * Works one delivery off, in the order that makes a crash harmless: attempt, waiting row (if it goes on), report, settle.
 * What fails before the attempt is ours and is tried again; after it, it is stored again and again, but never sent again.
 */
export class Worker {
  constructor(private readonly parts: WorkerParts) {}

  /** Whether it is done with; else it yields to a summary. */
  async work(given: Item, turn: Turn): Promise<'done' | 'yields'> {
    const { channel, finished, pictures, scopes, signal } = this.parts;
    let item = given;
    let first = false;
    let prepared = false;
    let limited = given.limited ?? false;
    // one that it stands for comes once more when its ack was lost
    for (const { id } of given.delivery.folds ?? []) finished.add(Finished.key(id, 1));
    while (!signal.aborted && !item.lost()) {
      const { delivery } = item;
      if (turn.yields()) return 'yields';
      if (finished.has(delivery.id, delivery.attempt)) {
        await this.parts.surely(async () => item.settle());
        return 'done';
      }
      const ready = await this.ready(delivery);
      if (ready === 'older') {
        await pause(250, signal);
        continue;
      }
      if ((await this.isOver(item, ready)) || ready === 'deleted') return 'done';
      const limits = this.limitsOf(ready);
      // what takes time is done before, so that it holds up no limit; the picture is known for a minute then
      if (!prepared && (delivery.event.snapshot || delivery.folds)) {
        if (channel.takesPictures) await pictures.of(delivery.event);
        await tellFolded(delivery, this.parts);
        prepared = true;
        continue;
      }
      const leave = delivery.test
        ? () => {}
        : await scopes.enter({
            limits,
            group: delivery.channel,
            first,
            until: expiry(delivery, ready.copy),
            waits: () => {
              limited = true;
            },
          });
      // woken: something has changed, so look again
      if (!leave) continue;
      // a process that stood still meanwhile is not woken
      if (signal.aborted || item.lost() || turn.yields()) {
        leave(false);
        continue;
      }
      if (delivery.clears) {
        await this.parts.receiving.clear(delivery, ready.settings);
        leave(true);
        await this.parts.surely(async () => item.settle());
        return 'done';
      }
      if (turn.isLate(delivery)) {
        leave(false);
        turn.fold();
        return 'yields';
      }
      const goesOn = await this.send(item, { ready, limits, limited, leave }, turn);
      if (!goesOn) return 'done';
      item = goesOn;
      first = true;
    }
    return 'done';
  }

  /** The channel; `older` too when it cannot be read now. */
  private async ready(delivery: Delivery): Promise<Ready | 'deleted' | 'older'> {
    const { cache, prints } = this.parts;
    try {
      const ready = await cache.get(delivery.channel, delivery.version);
      return typeof ready === 'string' ? ready : await prints.moved(ready);
    } catch (error) {
      this.parts.onError(error);
      return 'older';
    }
  }

  private limitsOf({ copy, settings }: Ready): readonly Limit[] {
    return this.parts.channel.limits?.(settings) ?? [{ key: copy.id }];
  }

  /** Ends what is not to be sent any more, or not at all. */
  private async isOver(item: Item, ready: Ready | 'deleted'): Promise<boolean> {
    const { delivery } = item;
    if (ready === 'deleted') return this.end(item, 'cancelled', 'The channel was deleted.');
    const { copy } = ready;
    if (delivery.test) {
      const ms = this.parts.scopes.pausedMs(this.limitsOf(ready));
      const seconds = Math.ceil(ms / 1000);
      return (
        ms > 0 &&
        this.end(item, 'failed', `Not sent: the provider asked to wait, and ${seconds} s of it are left. Test again then.`)
      );
    }
    if (copy.epoch > delivery.epoch || !copy.enabled) return this.end(item, 'cancelled', 'The channel was disabled.');
    if (Date.now() > expiry(delivery, copy)) return this.end(item, 'expired', 'It was not delivered before its time was over.');
    if (await this.parts.prints.isDue(delivery, ready)) return false;
    return this.end(item, 'suppressed', "So little progress is not shown: see the channel's progress_every.");
  }

  /** One attempt, and what follows it: see conclude(). */
  private async send(
    item: Item,
    { ready, limits, limited, leave }: Pick<Concluded, 'ready' | 'limits' | 'limited' | 'leave'>,
    turn: Turn,
  ): Promise<Item | undefined> {
    const { delivery } = item;
    const { channel, http, origin, links, pageOf, refused, prints, pictures, receiving } = this.parts;
    const { settings } = ready;
    await receiving.clear(delivery, settings);
    const hop = beginDelivery(delivery);
    const trace = hop?.trace ?? delivery.trace ?? newTrace();
    const edits = await prints.toChange(delivery, ready);
    const made = await attempt(channel, delivery, settings, {
      http: { ...http, request: (call) => http.request({ ...call, mayBegin: () => !item.gone() }) },
      origin,
      links,
      secrets: ready.secrets,
      pageOf,
      refused,
      trace,
      ...(edits && { edits }),
      ...(channel.takesPictures && { picture: await prints.known(await pictures.of(delivery.event), delivery.event, settings) }),
    }).catch((error) => {
      if (!(error instanceof NotBegun)) throw error;
    });
    if (!made) {
      leave(false);
      hop?.end('taken_over');
      return undefined;
    }
    return conclude(this.parts, { item, ready, limits, made, edited: edits !== undefined, limited, leave, hop, trace }, turn);
  }

  /** Always true: it is over. */
  async end(item: Item, outcome: 'cancelled' | 'expired' | 'failed' | 'suppressed', meaning: string): Promise<true> {
    await tellFolded(item.delivery, this.parts);
    // what carries no message has no reader to be told of it
    if (!item.delivery.clears) {
      const report = ended(item.delivery, outcome, meaning);
      const hop = beginDelivery(item.delivery);
      await tell(item.delivery, report, this.parts, hop?.trace);
      observe(item.delivery, report);
      logReport(item.delivery, report);
      endDelivery(hop, report);
    }
    await this.parts.surely(async () => item.settle());
    return true;
  }
}
