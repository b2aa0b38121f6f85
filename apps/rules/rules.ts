import { Inject, type OnApplicationBootstrap, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { v7 } from 'uuid';
import { alone, answer, Bus, consume, Leases, pause } from '#bus';
import type { AskName, Asks, DisableCommand } from '#contracts';
import { CONFIG, complain, Database, keyRing, LOG, type Log, need, Probes, type Settings } from '#runtime';
import { Channels } from './channels.js';
import { obey } from './commands.js';
import { Copies } from './copies.js';
import { fold } from './fold.js';
import { MatchIndex } from './match-index.js';
import { matches } from './matches.js';
import { Organizations, organizationFault } from './organizations.js';
import { PrinterCopies } from './printer-copies.js';
import { Printers } from './printers.js';
import { sendTest } from './test-delivery.js';

const catchUpMs = 5000;

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
    const printerCopies = new PrinterCopies(database, await bus.bucket('PRINTERS'));
    await Promise.all([copies.reconcile(), printerCopies.reconcile()]);

    const changes = await kv.watch({ include: 'updates' as never, ignoreDeletes: false });
    signal.addEventListener('abort', () => changes.stop(), { once: true });
    await index.load();
    const following = this.follow(changes, index);
    this.answerAll(channels);
    this.answerRegistrations(printerCopies);
    this.probes.add('rules nats', () => bus.alive());
    this.probes.add('rules database', () => database.alive());

    const leases = await Leases.open(bus, v7());
    const active = (mine: AbortSignal) => this.active(index, channels, printerCopies, mine);
    const folding = alone(leases, 'rules', signal, active, complain(log, 'rules'));
    this.running = Promise.all([following, folding]);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.bus.close();
  }

  /** What one replica at a time does. */
  private async active(index: MatchIndex, channels: Channels, printers: PrinterCopies, signal: AbortSignal): Promise<void> {
    const folding = (async () => {
      while (!signal.aborted) {
        await fold(this.bus, index, signal).catch(complain(this.log, 'the fold begins again from its cursor'));
        await pause(250, signal);
      }
    })();
    const obeying = consume<DisableCommand>(
      this.bus,
      {
        stream: 'COMMANDS',
        durable: 'rules',
        filter: 'farmbell.command.channel.disable.*',
        signal,
        onError: complain(this.log, 'commands'),
      },
      (commands) => obey(this.bus, channels, commands),
    );
    const refreshing = answer(this.bus, 'rules.index.refresh', async ({ channels: ids }) => index.refresh(ids).then(() => null));
    // a replica may end between its commit and its copy
    const copying = (async () => {
      while (!signal.aborted) {
        await printers.catchUp().catch(complain(this.log, 'copies of printers are made later'));
        await pause(catchUpMs, signal);
      }
    })();
    await Promise.all([folding, obeying, copying]);
    refreshing.unsubscribe();
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

  private on<K extends AskName>(name: K, handle: (input: Asks[K][0]) => Promise<Asks[K][1]>): void {
    const told = (error: unknown) => Promise.reject(organizationFault(error));
    answer(
      this.bus,
      name,
      (input) => handle(input).catch(told),
      (error) => this.log.error(error, name),
    );
  }

  private answerRegistrations(copies: PrinterCopies): void {
    const organizations = new Organizations(this.database);
    const printers = new Printers(this.database, copies, complain(this.log, 'the copy of a printer is made later'));
    const on = this.on.bind(this);
    on('rules.organization.create', ({ account, request, organization }) => organizations.create(account, request, organization));
    on('rules.organization.list', (asked) => organizations.list(asked));
    on('rules.organization.get', ({ account, id }) => organizations.get(account, id));
    on('rules.organization.patch', ({ account, id, patch }) => organizations.patch(account, id, patch));
    on('rules.organization.delete', ({ account, id }) => organizations.delete(account, id).then(() => null));
    on('rules.printer.create', ({ account, request, printer }) => printers.create(account, request, printer));
    on('rules.printer.list', (asked) => printers.list(asked));
    on('rules.printer.get', ({ account, id }) => printers.get(account, id));
    on('rules.printer.patch', ({ account, id, patch }) => printers.patch(account, id, patch));
    on('rules.printer.delete', ({ account, id }) => printers.delete(account, id).then(() => null));
  }

  private answerAll(channels: Channels): void {
    const on = this.on.bind(this);
    on('rules.channel.create', ({ account, id, channel, verify }) => channels.create(account, id, channel, verify));
    on('rules.channel.list', (asked) => channels.list(asked));
    on('rules.event.match', (asked) => matches(this.database, asked));
    on('rules.channel.get', ({ account, id }) => channels.get(account, id));
    on('rules.channel.patch', ({ account, id, patch }) => channels.patch(account, id, patch));
    on('rules.channel.rotate-key', ({ account, id }) => channels.rotateKey(account, id));
    on('rules.channel.enable', ({ account, id }) => channels.turn(account, id, true));
    on('rules.channel.disable', ({ account, id }) => channels.turn(account, id, false));
    on('rules.channel.delete', async ({ account, id }) => channels.delete(account, id).then(() => null));
    on('rules.channel.test', async ({ account, id, reply }) => ({
      delivery: await sendTest(this.bus, await channels.row(account, id), reply),
    }));
  }
}
