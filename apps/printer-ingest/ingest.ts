import { Inject, type OnApplicationBootstrap, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { v7 } from 'uuid';
import { alone, Bus, consume, Leases } from '#bus';
import { countEvents, Intake, zeroEvents } from '#intake';
import { complain, LOG, type Log, Probes } from '#runtime';
import { takeIn } from './bare-nats.js';

/** Reads INGEST on one replica at a time: two readers would mix up the order. */
export class Ingest implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Intake) private readonly intake: Intake,
    @Inject(LOG) private readonly log: Log,
    @Inject(Probes) private readonly probes: Probes,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { bus, intake } = this;
    const accounts = await bus.bucket('ACCOUNTS');
    const exists = async (account: string) => (await accounts.get(account))?.operation === 'PUT';
    const onError = complain(this.log, 'ingest');
    this.probes.add('printer-ingest nats', () => bus.alive());
    zeroEvents('nats');
    const onRefused = () => countEvents('nats', 'rejected');
    this.running = alone(
      await Leases.open(bus, v7()),
      'printer-ingest',
      this.stopping.signal,
      (signal) =>
        consume(
          bus,
          { stream: 'INGEST', durable: 'printer-ingest', fresh: true, max: 200, signal, onError, onRefused },
          (messages) => takeIn(bus, intake, exists, messages, this.log),
        ),
      onError,
    );
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  async onApplicationShutdown(): Promise<void> {
    this.intake.close();
    await this.bus.close();
  }
}
