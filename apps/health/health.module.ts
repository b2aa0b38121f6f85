import { randomUUID } from 'node:crypto';
import type { OnApplicationBootstrap, OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { Inject, Module } from '@nestjs/common';
import { alone, answer, Bus, connectBus, follow, Leases, pause, placeOf, recorded, reportAttributes, stopAnswering } from '#bus';
import type { Report } from '#contracts';
import { zeroEvents } from '#intake';
import { CONFIG, complain, Database, LOG, type Log, need, Probes, type Settings } from '#runtime';
import { Copies } from './copies.js';
import { tellFailing } from './metrics.js';
import { migrations } from './migration.js';
import { type Clock, Watch } from './watch.js';

/** Its tables are written at most so often. */
const restMs = 100;
const sweepMs = 2_000;
const sweepsAPrune = 300;
const sweepsACount = 5;

const database = {
  provide: Database,
  inject: [CONFIG],
  useFactory: (config: Settings): Promise<Database> =>
    Database.open({ url: need(config, 'DATABASE_URL'), schema: 'health', migrations }),
};

const watch = {
  provide: Watch,
  inject: [Database, Bus],
  useFactory: async (held: Database, on: Bus): Promise<Watch> => {
    const clock: Clock = Date.now;
    return new Watch(held, on, await Copies.open(on), clock);
  },
};

/** Who fails, and who must be disabled: one replica reads and judges, every one answers. */
@Module({
  providers: [
    connectBus('health'),
    database,
    watch,
    { provide: Leases, inject: [Bus], useFactory: (on: Bus): Promise<Leases> => Leases.open(on, randomUUID()) },
  ],
})
export class HealthModule implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly stop = new AbortController();
  private working: Promise<void> = Promise.resolve();

  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Database) private readonly database: Database,
    @Inject(Watch) private readonly watch: Watch,
    @Inject(Leases) private readonly leases: Leases,
    @Inject(LOG) private readonly log: Log,
    @Inject(Probes) probes: Probes,
  ) {
    probes.add('health nats', () => bus.alive());
    probes.add('health database', () => database.alive());
  }

  onApplicationBootstrap(): void {
    zeroEvents('own');
    const onError = complain(this.log, 'health could not work, and tries again');
    this.working = alone(this.leases, 'health', this.stop.signal, (signal) => this.work(signal), onError);
    const unanswered = complain(this.log, 'health could not answer health.status');
    answer(this.bus, 'health.status', (ask) => this.watch.status(ask), unanswered);
  }

  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    await Promise.all([this.working, stopAnswering(this.bus)]);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.bus.close();
  }

  private async work(signal: AbortSignal): Promise<void> {
    const onError = complain(this.log, 'health could not record what it read from ATTEMPTS, and tries again');
    const from = () => placeOf(this.database, 'ATTEMPTS');
    const read = follow<Report>(this.bus, { stream: 'ATTEMPTS', from, restMs, signal, onError }, (batch, place) =>
      recorded('health', 'ATTEMPTS', batch, reportAttributes, () =>
        this.watch.take(
          batch.map((one) => one.body),
          place,
        ),
      ),
    );
    await Promise.all([read, this.sweeping(signal)]);
  }

  private async sweeping(signal: AbortSignal): Promise<void> {
    const onError = complain(this.log, 'health could not look for deliveries that are late, and tries again');
    for (let round = 0; !signal.aborted; round++) {
      await this.watch.sweep().catch(onError);
      if (round % sweepsAPrune === 0) await this.watch.prune().catch(onError);
      if (round % sweepsACount === 0) await this.watch.failing().then(tellFailing, onError);
      await pause(sweepMs, signal);
    }
    tellFailing(undefined);
  }
}
