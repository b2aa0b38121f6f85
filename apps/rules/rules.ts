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
import { sendTest } from './test-delivery.js';

/** The rules service: answers for channels on every replica; folds EVENTS and obeys commands on the active one. */
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
    await copies.reconcile();

    const changes = await kv.watch({ include: 'updates' as never, ignoreDeletes: false });
    signal.addEventListener('abort', () => changes.stop(), { once: true });
    await index.load();
    const following = this.follow(changes, index);
    this.answerAll(channels);
    this.probes.add('rules nats', () => bus.alive());
    this.probes.add('rules database', () => database.alive());

    const leases = await Leases.open(bus, v7());
    const folding = alone(leases, 'rules', signal, (mine) => this.active(index, channels, mine), complain(log, 'rules'));
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
  private async active(index: MatchIndex, channels: Channels, signal: AbortSignal): Promise<void> {
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
    await Promise.all([folding, obeying]);
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

  private answerAll(channels: Channels): void {
    const on = <K extends AskName>(name: K, handle: (input: Asks[K][0]) => Promise<Asks[K][1]>) =>
      answer(this.bus, name, handle, (error) => this.log.error(error, name));
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
