import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { answer, ask, Bus } from '#bus';
import { Problem } from '#contracts';
import { Intake } from '#intake';
import { complain, Database, LOG, type Log, Probes } from '#runtime';
import { Callers, defaultAccount } from './access/callers.js';
import { takeBytes } from './http/http.js';
import { measureRequests } from './http/request-metrics.js';
import { RouteTable } from './routes/route-table.js';

const probeMs = 2000;

/** The gateway's life: what it listens to, what must answer before it is ready, and how it stops. */
@Injectable()
export class Gateway implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Database) private readonly database: Database,
    @Inject(Intake) private readonly intake: Intake,
    @Inject(Callers) private readonly callers: Callers,
    @Inject(Probes) private readonly probes: Probes,
    @Inject(RouteTable) private readonly table: RouteTable,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onModuleInit(): void {
    takeBytes(this.host);
    measureRequests(this.host, this.table.routes);
    this.probes.add('gateway nats', () => this.bus.alive(probeMs));
    this.probes.add('gateway database', () => this.database.alive(probeMs));
    this.probes.add('gateway: rules answers', () =>
      answers(ask(this.bus, 'rules.channel.get', { account: defaultAccount, id: 'readyz' }, probeMs)),
    );
    this.probes.add('gateway: journal answers', () =>
      answers(ask(this.bus, 'journal.event.known', { account: defaultAccount, ids: [] }, probeMs)),
    );
  }

  onApplicationBootstrap(): void {
    answer(
      this.bus,
      'gateway.token.verify',
      ({ token, account }) => this.callers.verify(token, account),
      complain(this.log, 'a token could not be verified'),
    );
  }

  /** The requests that were under way have their answers by now. */
  async onApplicationShutdown(): Promise<void> {
    this.intake.close();
    await this.bus.close();
  }
}

/** An owner that refuses (there is no such channel) is there; one that is away or broken is not. */
const answers = (asked: Promise<unknown>): Promise<boolean> =>
  asked.then(
    () => true,
    (error) => error instanceof Problem && error.status < 500,
  );
