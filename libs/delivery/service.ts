import { setMaxListeners } from 'node:events';
import type { JsMsg } from '@nats-io/jetstream';
import type { OnApplicationBootstrap, OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { v7 } from 'uuid';
import { answer, type Bus, Leases, Snapshots } from '#bus';
import { complain, type Database, eventPageId, keyRing, type Log, need, type Probes, publicUrl, type Settings } from '#runtime';
import type { Channel } from './channel.js';
import { ChannelCache } from './channel-cache.js';
import { Dispatcher } from './dispatcher.js';
import { DueRows } from './due-rows.js';
import { Finished } from './finished.js';
import { checkUrl, createHttp, type Http } from './http/index.js';
import { Lanes } from './lanes.js';
import { Memory } from './memory.js';
import { lanesOwned, zero } from './metrics.js';
import { originOf, policyOf, userAgent } from './outbound.js';
import { Pictures } from './pictures.js';
import { Prints } from './prints.js';
import { readDelivery } from './read-delivery.js';
import { Receiving } from './receiving.js';
import { Scopes } from './scopes.js';
import { checkSettings, describeSettings, verifySettings } from './settings.js';
import { foldable, summaryOf } from './summary.js';
import { surelyUntil } from './surely.js';
import { Unacked } from './unacked.js';
import { Waiting, type WaitingRow } from './waiting.js';
import { type Item, Worker } from './worker.js';

const settleMs = 6000;
const staleRows = 200;
/** One summary stands for so many at most. */
const mostFolded = 10_000;

/** The delivery service of one channel type: its lanes, its waiting deliveries, and the checks of its settings. */
export class DeliveryService implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly stopping = new AbortController();
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
    this.waiting = new Waiting(database, channel.type);
    this.memory = new Memory(database, channel.type);
    this.unacked = new Unacked((send) => bus.together(send));
  }

  async onApplicationBootstrap(): Promise<void> {
    const { bus, channel, config, database, finished, memory, scopes, waiting } = this;
    const { signal } = this.stopping;
    // each delivery in hand listens while the broker is away
    setMaxListeners(0, signal);
    const { type } = channel;
    const onError = complain(this.log, `${type} delivery`);
    const policy = policyOf(config, channel);
    const keys = keyRing(need(config, 'FARMBELL_SECRET_KEYS'));
    this.http = createHttp({ policy, userAgent: userAgent(type, publicUrl(config)), connections: channel.connections });
    this.cache = new ChannelCache(await bus.bucket('CHANNELS'), channel, keys);
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
      surely: surelyUntil(signal, onError),
      signal,
    });
    this.dispatcher = new Dispatcher({
      waiting,
      lanes,
      work: (item, turn) => this.worker.work(item, turn),
      ...(channel.chat && { fold: (id: string) => this.fold(id) }),
      itemOf: (row) => this.rowItem(row),
      wake: (id) => scopes.wake(id),
      onError,
      signal,
    });
    this.lanes = new Lanes({
      bus,
      leases: await Leases.open(bus, v7()),
      type,
      taking: (lanes) => this.taking(lanes),
      take: (message, lost) => this.take(message, lost),
      reached: (lane, seq) => this.reached(lane, seq),
      settled: (lane) => this.dispatcher.settled(settleMs, lane),
      onChange: (owned) => {
        lanesOwned.set({ type }, owned.length);
        // what waits in a lane that is another's now waits for nothing
        scopes.wake();
        // what is under way in a lane that is given is acked still
        setTimeout(() => this.unacked.drop(), 2 * settleMs).unref();
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
    answer(
      bus,
      `${type}.settings.check`,
      async (input) => {
        const settings = checkSettings(channel, input, { allowHttp: config.FARMBELL_ALLOW_HTTP_WEBHOOKS, policy });
        if (input.verify) await verifySettings(channel, settings.settings, calls);
        return settings;
      },
      onError,
    );
    answer(bus, `${type}.settings.describe`, async () => describeSettings(channel), onError);
    this.probes.add(`${type} nats`, () => bus.alive());
    this.probes.add(`${type} database`, () => database.alive());
    this.running = Promise.all([this.lanes.run(), due.run(), receiving.run()]);
  }

  /** Stops taking, finishes what is in flight, hands the lanes over. */
  async onModuleDestroy(): Promise<void> {
    this.lanes?.stopReading();
    this.stopping.abort();
    await this.dispatcher?.settled(settleMs);
    await this.running;
    await this.lanes?.release();
    this.cache?.close();
    await this.http?.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.bus.close();
  }

  /** A fresh delivery from the work queue. */
  private async take(message: JsMsg, lost: () => boolean): Promise<void> {
    const delivery = readDelivery(message.string(), message.subject, this.channel.type);
    if (!delivery) return this.refuse(message);
    if (!this.unacked.take(delivery.id, { message, lost })) return;
    const ack = () => this.unacked.ack(delivery.id);
    await this.dispatcher.offer({ delivery, seq: message.seq, settle: ack, wait: ack, lost });
  }

  /** A delivery that waited: its row is removed when it ended, and stays when it goes on. */
  private rowItem(row: Pick<WaitingRow, 'seq' | 'body'>): Item {
    const { lane, id, attempt } = row.body;
    return {
      delivery: row.body,
      seq: row.seq,
      settle: () => this.waiting.remove({ id, attempt }),
      wait: () => {},
      lost: () => !this.lanes.owns(lane),
    };
  }

  /** Before new lanes are read: what their last owner had done, and what waits in them. */
  private async taking(lanes: number[]): Promise<void> {
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

  /** What waits in a channel's backlog, as one summary; one alone is no storm. */
  private async fold(channel: string): Promise<WaitingRow | undefined> {
    return this.waiting.fold(channel, this.lanes.owned, mostFolded, (rows) => {
      const many = rows.filter(foldable);
      return many.length > 1 ? summaryOf(many, new Date()) : undefined;
    });
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

  private async refuse(message: JsMsg): Promise<void> {
    const errors = [{ path: '', message: 'is not a delivery' }];
    await this.bus.reject({
      id: `DELIVERIES-${message.seq}`,
      subject: message.subject,
      account: null,
      errors,
      body: message.string(),
    });
    message.term('not a delivery');
  }
}
