import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Bus, connectBus } from '#bus';
import { Intake, Snapshots } from '#intake';
import { CONFIG, Database, need, type Settings } from '#runtime';
import { AccountCopies } from './account-copies.js';
import { AccountsController } from './accounts.controller.js';
import { Accounts } from './accounts.js';
import { Callers } from './callers.js';
import { ChannelsController } from './channels.controller.js';
import { Channels } from './channels.js';
import { DeliveriesController } from './deliveries.controller.js';
import { DocsController } from './docs.controller.js';
import { EventsController } from './events.controller.js';
import { Gateway } from './gateway.js';
import { IdempotencyStore } from './idempotency.js';
import { migrations } from './migrations.js';
import { ProblemFilter } from './problem.filter.js';
import { Publishing } from './publishing.js';
import { routesOf } from './route.js';
import { RouteTable } from './route-table.js';
import { AccountRow, TokenRow } from './rows.js';
import { SnapshotsController } from './snapshots.controller.js';
import { TokensController } from './tokens.controller.js';
import { Tokens } from './tokens.js';
import { TypesController } from './types.controller.js';

export const controllers = [
  EventsController,
  TypesController,
  ChannelsController,
  DeliveriesController,
  TokensController,
  AccountsController,
  SnapshotsController,
  DocsController,
];

const database = {
  provide: Database,
  inject: [CONFIG],
  useFactory: (config: Settings) =>
    Database.open({ url: need(config, 'DATABASE_URL'), schema: 'gateway', entities: [AccountRow, TokenRow], migrations }),
};

@Module({
  controllers,
  providers: [
    connectBus('gateway'),
    database,
    { provide: Intake, inject: [Bus], useFactory: (bus: Bus) => Intake.open(bus) },
    { provide: Snapshots, inject: [Bus], useFactory: (bus: Bus) => Snapshots.open(bus) },
    { provide: RouteTable, useFactory: () => new RouteTable(routesOf(controllers)) },
    { provide: APP_FILTER, useClass: ProblemFilter },
    AccountCopies,
    Accounts,
    Callers,
    Channels,
    Gateway,
    IdempotencyStore,
    Publishing,
    Tokens,
  ],
})
export class GatewayModule {}
