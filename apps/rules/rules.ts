import { Inject, type OnApplicationBootstrap, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { v7 } from 'uuid';
import { alone, Bus, Leases, pause } from '#bus';
import { CONFIG, complain, Database, keyRing, LOG, type Log, need, Probes, type Settings } from '#runtime';
import { active } from './active.js';
import { answerAll } from './answers.js';
import { AppConnections } from './app-connections/app-connections.js';
import { Channels } from './channels.js';
import { Copies } from './copies.js';
import { MatchIndex } from './match-index.js';
import { PrinterCopies } from './printer-copies.js';
import { Printers } from './printers.js';
import { Quiet } from './quiet/quiet.js';
import { QuietSettings } from './quiet/settings.js';

/** The rules service: answers for channels, printers and organizations on every replica; folds EVENTS and obeys commands on the active one. */
export class Rules implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Database) private readonly database: Database,
    @Inject(CONFIG) private readonly config: Settings,
    @Inject(LOG) private readonly log: Log,
    @Inject(Probes) private readonly probes: Probes,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { bus, database, log } = this;
    const { signal } = this.stopping;
    const kv = await bus.bucket('CHANNELS');
    const index = new MatchIndex(database);
    const copies = new Copies(database, kv);
    const channels = new Channels(bus, database, keyRing(need(this.config, 'FARMBELL_SECRET_KEYS')), copies);
    const quietSettings = new QuietSettings(bus, database);
    const printerCopies = new PrinterCopies(database, await bus.bucket('PRINTERS'));
    const printers = new Printers(database, printerCopies, complain(log, 'the copy of a printer is made later'));
    const connections = new AppConnections(bus, database, channels);
    await Promise.all([copies.reconcile(), printerCopies.reconcile()]);

    const changes = await kv.watch({ include: 'updates' as never, ignoreDeletes: false });
    signal.addEventListener('abort', () => changes.stop(), { once: true });
    await index.load();
    const following = this.follow(changes, index);
    answerAll({ bus, database, log, channels, copies, connections, printers, printerCopies, quietSettings });
    this.probes.add('rules nats', () => bus.alive());
    this.probes.add('rules database', () => database.alive());

    const leases = await Leases.open(bus, v7());
    const quiet = new Quiet(quietSettings);
    const parts = { bus, database, log, index, channels, copies, printerCopies, connections, quiet };
    const folding = alone(leases, 'rules', signal, (mine) => active(parts, mine), complain(log, 'rules'));
    this.running = Promise.all([following, folding]);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.bus.close();
  }

  /** Takes over what other replicas changed. */
  private async follow(changes: AsyncIterable<{ key: string }>, index: MatchIndex): Promise<void> {
    for await (const { key } of changes) {
      for (;;) {
        try {
          await index.refresh([key]);
          break;
        } catch (error) {
          complain(this.log, 'channel changes')(error);
          if (this.stopping.signal.aborted) return;
          await pause(500, this.stopping.signal);
        }
      }
    }
  }
}
