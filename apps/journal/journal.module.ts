import { randomUUID } from 'node:crypto';
import type { OnApplicationBootstrap, OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { Inject, Module } from '@nestjs/common';
import {
  alone,
  answer,
  Bus,
  connectBus,
  eventAttributes,
  follow,
  type Incoming,
  Leases,
  type Place,
  placeOf,
  recorded,
  reportAttributes,
  type StreamName,
  stopAnswering,
} from '#bus';
import type { AskName, Asks, FarmEvent, Rejection, Report, Routed } from '#contracts';
import { CONFIG, complain, Database, LOG, type Log, need, Probes, type Settings } from '#runtime';
import { deleteAccount } from './accounts.js';
import { watchBroker } from './broker.js';
import { migrations } from './migration.js';
import { Reading } from './reading.js';
import { Replays } from './replays.js';
import { forgetting } from './retention.js';
import { Store } from './store.js';

const database = {
  provide: Database,
  inject: [CONFIG],
  useFactory: (config: Settings): Promise<Database> =>
    Database.open({ url: need(config, 'DATABASE_URL'), schema: 'journal', migrations }),
};

/** Tables are written at most so often: a few large statements cost less than many small ones. */
const lingerMs = 50;
/** Most deliveries have ended by then, and are written once: by their report. */
const routedBehindMs = 2000;

/** What people read: keeps events, deliveries, attempts and refusals, and answers questions about them. */
@Module({
  providers: [
    connectBus('journal'),
    database,
    { provide: Leases, inject: [Bus], useFactory: (on: Bus): Promise<Leases> => Leases.open(on, randomUUID()) },
    { provide: Store, inject: [Database], useFactory: (held: Database) => new Store(held, lingerMs) },
    {
      provide: Replays,
      inject: [Bus, Database],
      useFactory: async (on: Bus, held: Database) => new Replays(on, held, await on.bucket('CHANNELS')),
    },
    { provide: Reading, inject: [Database], useFactory: (held: Database) => new Reading(held) },
  ],
})
export class JournalModule implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly stop = new AbortController();
  private loops: Promise<void>[] = [];

  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Database) private readonly database: Database,
    @Inject(Leases) private readonly leases: Leases,
    @Inject(Store) private readonly store: Store,
    @Inject(Reading) private readonly reading: Reading,
    @Inject(Replays) private readonly replays: Replays,
    @Inject(CONFIG) private readonly config: Settings,
    @Inject(LOG) private readonly log: Log,
    @Inject(Probes) probes: Probes,
  ) {
    probes.add('journal nats', () => bus.alive());
    probes.add('journal database', () => database.alive());
  }

  onApplicationBootstrap(): void {
    const { reading, replays } = this;
    this.loops = [
      alone(this.leases, 'journal', this.stop.signal, (signal) => this.write(signal), complain(this.log, 'journal')),
      forgetting(
        this.database,
        this.config.FARMBELL_RETENTION_DAYS,
        this.stop.signal,
        complain(this.log, 'journal could not delete old rows, and tries again later'),
      ),
    ];
    this.reply('journal.account.delete', (ask) => deleteAccount(this.database, ask));
    this.reply('journal.event.list', (ask) => reading.events(ask));
    this.reply('journal.event.get', (ask) => reading.event(ask));
    this.reply('journal.event.known', (ask) => reading.known(ask));
    this.reply('journal.event.any', (ask) => reading.any(ask));
    this.reply('journal.delivery.list', (ask) => reading.deliveries(ask));
    this.reply('journal.delivery.get', (ask) => reading.delivery(ask));
    this.reply('journal.replay.create', (ask) => replays.create(ask));
    this.reply('journal.replay.get', (ask) => replays.get(ask));
    this.reply('journal.replay.stop', (ask) => replays.stop(ask));
    this.reply('journal.rejected.list', (ask) => reading.rejected(ask));
  }

  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    await Promise.all([...this.loops, stopAnswering(this.bus)]);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.bus.close();
  }

  /** What one replica at a time does; every one answers. */
  private async write(signal: AbortSignal): Promise<void> {
    const { bus, database, store } = this;
    const read = <T>(stream: StreamName, put: (batch: Incoming<T>[], place: Place) => Promise<void>, behindMs = 0) => {
      const onError = complain(this.log, `journal could not store what it read from ${stream}, and tries again`);
      return follow<T>(bus, { stream, from: () => placeOf(database, stream), behindMs, signal, onError }, put);
    };
    await Promise.all([
      read<FarmEvent>('EVENTS', (batch, place) =>
        recorded('journal', 'EVENTS', batch, eventAttributes, () => store.events(batch, place)),
      ),
      read<Routed>('ROUTED', (batch, place) => store.routed(batch, place), routedBehindMs),
      read<Report>('ATTEMPTS', (batch, place) =>
        recorded('journal', 'ATTEMPTS', batch, reportAttributes, () => store.reports(batch, place)),
      ),
      read<Rejection>('REJECTED', (batch, place) => store.rejected(batch, place)),
      this.replays.run(signal, complain(this.log, 'a replay waits and goes on later')),
      watchBroker(bus, signal, complain(this.log, 'journal could not look at JetStream, and tries again')),
    ]);
  }

  private reply<K extends AskName>(name: K, handle: (ask: Asks[K][0]) => Promise<Asks[K][1]>): void {
    answer(this.bus, name, handle, complain(this.log, `journal could not answer ${name}`));
  }
}
