import type { OnApplicationBootstrap, OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { Inject, Module } from '@nestjs/common';
import { answer, Bus, connectBus, consume, type Incoming, type StreamName } from '#bus';
import type { AskName, Asks, FarmEvent, Rejection, Report, Routed } from '#contracts';
import { CONFIG, complain, Database, LOG, type Log, need, Probes, type Settings } from '#runtime';
import { Journal1700000000000 } from './migration.js';
import { Reading } from './reading.js';
import { forgetting } from './retention.js';
import { Store } from './store.js';

const database = {
  provide: Database,
  inject: [CONFIG],
  useFactory: (config: Settings): Promise<Database> =>
    Database.open({ url: need(config, 'DATABASE_URL'), schema: 'journal', migrations: [Journal1700000000000] }),
};

/** Tables are written at most so often: a few large statements cost less than many small ones. */
const lingerMs = 25;

/** What people read: keeps events, deliveries, attempts and refusals, and answers questions about them. */
@Module({
  providers: [
    connectBus('journal'),
    database,
    { provide: Store, inject: [Database], useFactory: (held: Database) => new Store(held, lingerMs) },
    { provide: Reading, inject: [Database], useFactory: (held: Database) => new Reading(held) },
  ],
})
export class JournalModule implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly stop = new AbortController();
  private loops: Promise<void>[] = [];
  private answers: { drain(): Promise<void> }[] = [];

  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Database) private readonly database: Database,
    @Inject(Store) private readonly store: Store,
    @Inject(Reading) private readonly reading: Reading,
    @Inject(CONFIG) private readonly config: Settings,
    @Inject(LOG) private readonly log: Log,
    @Inject(Probes) probes: Probes,
  ) {
    probes.add('journal nats', () => bus.alive());
    probes.add('journal database', () => database.alive());
  }

  onApplicationBootstrap(): void {
    const { store, reading } = this;
    this.loops = [
      this.read<FarmEvent>('EVENTS', 'journal-events', (batch) => store.events(batch)),
      this.read<Routed>('ROUTED', 'journal-routed', (batch) => store.routed(batch)),
      this.read<Report>('ATTEMPTS', 'journal-attempts', (batch) => store.reports(batch)),
      this.read<Rejection>('REJECTED', 'journal-rejected', (batch) => store.rejected(batch)),
      forgetting(
        this.database,
        this.config.FARMBELL_RETENTION_DAYS,
        this.stop.signal,
        complain(this.log, 'journal could not delete old rows, and tries again later'),
      ),
    ];
    this.reply('journal.event.list', (ask) => reading.events(ask));
    this.reply('journal.event.get', (ask) => reading.event(ask));
    this.reply('journal.event.known', (ask) => reading.known(ask));
    this.reply('journal.delivery.list', (ask) => reading.deliveries(ask));
    this.reply('journal.delivery.get', (ask) => reading.delivery(ask));
    this.reply('journal.rejected.list', (ask) => reading.rejected(ask));
  }

  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    await Promise.all([...this.loops, ...this.answers.map((one) => one.drain().catch(() => {}))]);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.bus.close();
  }

  private read<T>(stream: StreamName, durable: string, store: (batch: Incoming<T>[]) => Promise<void>): Promise<void> {
    const onError = complain(this.log, `journal could not store what it read from ${stream}, and tries again`);
    return consume<T>(this.bus, { stream, durable, signal: this.stop.signal, onError }, store);
  }

  private reply<K extends AskName>(name: K, handle: (ask: Asks[K][0]) => Promise<Asks[K][1]>): void {
    this.answers.push(answer(this.bus, name, handle, complain(this.log, `journal could not answer ${name}`)));
  }
}
