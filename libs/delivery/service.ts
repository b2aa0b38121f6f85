import { setMaxListeners } from 'node:events';
import type { JsMsg } from '@nats-io/jetstream';
import type { OnApplicationBootstrap, OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { v7 } from 'uuid';
import { ask, type Bus, Leases, Snapshots, stopAnswering } from '#bus';
import type { Delivery } from '#contracts';
import { complain, type Database, eventPageId, keyRing, type Log, need, type Probes, publicUrl, type Settings } from '#runtime';
import type { Channel } from './channel.js';
import { ChannelCache } from './channel-cache.js';
import { Dispatcher } from './dispatcher.js';
import { DueRows } from './due-rows.js';
import { Finished } from './finished.js';
import { checkUrl, createHttp, type Http } from './http/index.js';
import { Lanes } from './lanes.js';
import { Memory } from './memory.js';
import { countTaken, lanesOwned, zero } from './metrics.js';
import { originOf, policyOf, userAgent } from './outbound.js';
import { Pictures } from './pictures.js';
import { Prints } from './prints.js';
import { readDelivery } from './read-delivery.js';
import { Receiving } from './receiving.js';
import { refuse } from './refuse.js';
import { Scopes } from './scopes.js';
import { answerForSettings } from './settings-asks.js';
import { tellStanding } from './standing.js';
import { summarize } from './summary.js';
import { surelyUntil } from './surely.js';
import { Unacked } from './unacked.js';
import { Waiting, type WaitingRow } from './waiting.js';
import { type Item, Worker } from './worker.js';

/** What is under way at a stop is given so long: as long as requests are (libs/runtime/http-side.ts), within k8s/base's grace period. */
const drainMs = 20_000;
/** Longer than any attempt, and what is stored of it: a lane that goes to another replica is given when they have ended. */
const handoverMs = 40_000;
const staleRows = 200;
/** One summary stands for so many at most. */
const mostFolded = 10_000;

/** The delivery service of one channel type: its lanes, its waiting deliveries, and the checks of its settings. */
export class DeliveryService implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  /** The time of a stop is over. */
  private readonly late = new AbortController();
  private stopped?: Promise<void>;
  private readonly finished = new Finished();
  private readonly unacked: Unacked;
  private readonly waiting: Waiting;
  private readonly memory: Memory;
  private readonly scopes = new Scopes();
  private http!: Http;
  private lanes!: Lanes;
  private dispatcher!: Dispatcher;
  private worker!: Worker;
  private cache!: ChannelCache;
  /** Channels of newly taken lanes that have a backlog, and where it begins. */
  private behind: { channel: string; lane: number; seq: number }[] = [];
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly channel: Channel,
    private readonly bus: Bus,
    private readonly database: Database,
    private readonly config: Settings,
    private readonly log: Log,
    private readonly probes: Probes,
  ) {
    this.waiting = new Waiting(database, channel.type, (lane) => this.lanes.lose(lane));
    this.memory = new Memory(database, channel.type);
    this.unacked = new Unacked((send) => bus.together(send));
  }

  async onApplicationBootstrap(): Promise<void> {
    const { bus, channel, config, database, finished, memory, scopes, waiting } = this;
    const { signal } = this.stopping;
    // each delivery in hand listens while the broker is away
    setMaxListeners(0, signal, this.late.signal);
    const { type } = channel;
    const onError = complain(this.log, `${type} delivery`);
    const policy = policyOf(config, channel);
    const keys = keyRing(need(config, 'FARMBELL_SECRET_KEYS'));
    this.http = createHttp({ policy, userAgent: userAgent(type, publicUrl(config)), connections: channel.connections });
    const renew = (id: string) => ask(bus, 'rules.channel.copy', { id });
    this.cache = new ChannelCache(await bus.bucket('CHANNELS'), channel, keys, renew);
    const due = new DueRows({
      waiting,
      lanes: () => this.lanes.owned,
      held: () => this.dispatcher.rowsHeld,
      offer: (row) => this.dispatcher.offerRow(row),
      onError,
      signal,
    });
    const calls = { http: this.http, origin: originOf(config, channel) };
    const lanes = () => this.lanes.owned;
    const receiving = new Receiving({ bus, channel, cache: this.cache, memory, scopes, ...calls, lanes, onError, signal });
    this.worker = new Worker({
      bus,
      channel,
      cache: this.cache,
      waiting,
      finished,
      scopes,
      prints: new Prints(channel, memory, onError),
      pictures: new Pictures(await Snapshots.open(bus), this.http, onError),
      receiving,
      ...calls,
      links: { publicUrl: publicUrl(config) },
      pageOf: ({ account, id }) => `${publicUrl(config)}/e/${eventPageId(keys, account, id)}`,
      refused: (url) => checkUrl(url, { allowHttp: true, policy }),
      itemOf: (row) => this.rowItem(row),
      onWait: (at) => due.wake(at),
      onError,
      // what was sent is to be on record, also while it stops
      surely: surelyUntil(this.late.signal, onError),
      signal,
    });
    this.dispatcher = new Dispatcher({
      waiting,
      lanes,
      work: (item, turn) => this.worker.work(item, turn),
      ...(channel.chat && { fold: (id: string) => waiting.fold(id, lanes(), mostFolded, summarize) }),
      itemOf: (row) => this.rowItem(row),
      wake: (id) => scopes.wake(id),
      onError,
      signal,
    });
    this.lanes = new Lanes({
      bus,
      leases: await Leases.open(bus, v7()),
      type,
      looking: () => this.waiting.fences.look(),
      taking: (lanes) => this.taking(lanes),
      take: (message, lost) => this.take(message, lost),
      reached: (lane, seq) => this.reached(lane, seq),
      inHand: (consumer, n) => this.unacked.has(consumer, n),
      idlest: (lanes, count) => this.dispatcher.idlest(lanes, count),
      settled: (lane) => this.dispatcher.settled(lane, handoverMs, this.late.signal),
      onChange: (owned) => {
        lanesOwned.set({ type }, owned.length);
        // what waits in a lane that is another's now waits for nothing
        scopes.wake();
        // what is under way in a lane that is given is acked still
        setTimeout(() => this.unacked.drop(), handoverMs + drainMs).unref();
        due.wake(new Date(0));
      },
      onError,
      signal,
    });
    zero(type);
    signal.addEventListener('abort', () => scopes.wake(), { once: true });
    await this.cache.follow((id) => {
      scopes.wake(id);
      void this.cancelStale(id).catch(onError);
    });
    answerForSettings({ bus, channel, calls, policy, allowHttp: config.FARMBELL_ALLOW_HTTP_WEBHOOKS, onError });
    this.probes.ending.addEventListener('abort', () => void this.onModuleDestroy().catch(onError), { once: true });
    this.probes.add(`${type} nats`, () => bus.alive());
    this.probes.add(`${type} database`, () => database.alive());
    const standing = tellStanding({ type, lanes: this.lanes, dispatcher: this.dispatcher, scopes, waiting, onError, signal });
    this.running = Promise.all([this.lanes.run(), due.run(), receiving.run(), standing]);
  }

  /** The services of one process stop together: what is under way in one costs the others no time. */
  onModuleDestroy(): Promise<void> {
    this.stopped ??= this.stop();
    return this.stopped;
  }

  /** Stops taking, and hands each lane over as soon as what is under way in it is finished. */
  private async stop(): Promise<void> {
    const drained = setTimeout(() => this.late.abort(), drainMs);
    this.stopping.abort();
    await this.lanes?.release();
    this.late.abort();
    clearTimeout(drained);
    await this.running;
    await stopAnswering(this.bus);
    this.cache?.close();
    await this.http?.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.bus.close();
  }

  /** A fresh delivery from the work queue. */
  private async take(message: JsMsg, lost: () => boolean): Promise<void> {
    const delivery = readDelivery(message.string(), message.subject, this.channel.type);
    if (!delivery) return refuse(this.bus, message);
    if (!this.unacked.take(delivery.id, { message, lost })) return;
    countTaken(delivery);
    const ack = () => this.unacked.ack(delivery.id);
    await this.dispatcher.offer({ delivery, seq: message.seq, settle: ack, wait: ack, lost, gone: this.goneOf(delivery) });
  }

  private goneOf =
    ({ lane }: Delivery) =>
    () =>
      !this.lanes.holds(lane);

  /** A delivery that waited: its row is removed when it ended, and stays when it goes on. */
  private rowItem(row: Pick<WaitingRow, 'seq' | 'cause' | 'body'>): Item {
    const { lane, id, attempt } = row.body;
    return {
      delivery: row.body,
      seq: row.seq,
      settle: () => this.waiting.remove({ id, attempt }),
      wait: () => {},
      limited: row.cause !== 'retry',
      lost: () => !this.lanes.owns(lane),
      gone: this.goneOf(row.body),
    };
  }

  /** Before new lanes are read: what their last owner had done, and what waits in them. */
  private async taking(lanes: number[]): Promise<void> {
    await this.waiting.fences.raise(lanes);
    this.memory.forget();
    await this.finished.refill(this.bus, this.channel.type);
    // a row proves that the attempt before it was made, though a killed owner may not have reported it
    for (const { id, attempt } of await this.waiting.tried(lanes)) this.finished.add(Finished.key(id, attempt - 1));
    for (const channel of await this.waiting.channels(lanes)) await this.cancelStale(channel, lanes);
    for (const one of await this.waiting.backlogged(lanes)) {
      this.dispatcher.hold(one.channel);
      this.behind.push(one);
    }
  }

  /** Resumes the channels whose older deliveries, in the last owner's hands until now, were read again. */
  private reached(lane: number, seq: number): void {
    if (this.behind.length === 0) return;
    const ready = this.behind.filter((one) => one.lane === lane && one.seq <= seq);
    this.behind = this.behind.filter((one) => !ready.includes(one));
    for (const { channel } of ready) this.dispatcher.resume(channel);
  }

  /** Ends what waits for a channel that was disabled or deleted since. */
  private async cancelStale(id: string, lanes = this.lanes.owned): Promise<void> {
    if (lanes.length === 0) return;
    const ready = await this.cache.get(id, 0);
    if (ready === 'older') return;
    const epoch = ready === 'deleted' ? null : ready.copy.epoch;
    const meaning = ready === 'deleted' ? 'The channel was deleted.' : 'The channel was disabled.';
    for (;;) {
      const rows = await this.waiting.stale(id, epoch, lanes, staleRows, this.dispatcher.rowsHeld);
      await Promise.all(rows.map((row) => this.worker.end(this.rowItem(row), 'cancelled', meaning)));
      if (rows.length < staleRows) return;
    }
  }
}
