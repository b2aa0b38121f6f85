import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Bus, connectBus, Snapshots } from '#bus';
import { Intake } from '#intake';
import { CONFIG, Database, Guesses, need, type Settings } from '#runtime';
import { AccountCopies } from './access/account-copies.js';
import { Accounts } from './access/accounts.js';
import { AppTokens } from './access/app-tokens.js';
import { Callers } from './access/callers.js';
import { migrations } from './access/migrations.js';
import { AccountRow, TokenRow } from './access/rows.js';
import { Tokens } from './access/tokens.js';
import { AccountsController } from './controllers/accounts.controller.js';
import { AppConnectionsController } from './controllers/app-connections.controller.js';
import { ChannelsController } from './controllers/channels.controller.js';
import { Channels } from './controllers/channels.js';
import { DeliveriesController } from './controllers/deliveries.controller.js';
import { DocsController } from './controllers/docs.controller.js';
import { EventPageController } from './controllers/event-page.controller.js';
import { EventsController } from './controllers/events.controller.js';
import { OctoEverywhereController } from './controllers/octoeverywhere.controller.js';
import { OrganizationsController } from './controllers/organizations.controller.js';
import { PrintersController } from './controllers/printers.controller.js';
import { Publishing } from './controllers/publishing.js';
import { QuietHoursController } from './controllers/quiet-hours.controller.js';
import { ReplaysController } from './controllers/replays.controller.js';
import { SnapshotsController } from './controllers/snapshots.controller.js';
import { StreamController } from './controllers/stream.controller.js';
import { TokensController } from './controllers/tokens.controller.js';
import { TypesController } from './controllers/types.controller.js';
import { Gateway } from './gateway.js';
import { ProblemFilter } from './http/problem.filter.js';
import { IdempotencyStore } from './routes/idempotency.js';
import { routesOf } from './routes/route.js';
import { RouteTable } from './routes/route-table.js';
import { LiveStreams } from './stream/live-streams.js';

export const controllers = [
  EventsController,
  TypesController,
  ChannelsController,
  OrganizationsController,
  PrintersController,
  QuietHoursController,
  AppConnectionsController,
  OctoEverywhereController,
  DeliveriesController,
  ReplaysController,
  EventPageController,
  StreamController,
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
    AppTokens,
    Callers,
    Channels,
    Gateway,
    Guesses,
    IdempotencyStore,
    LiveStreams,
    Publishing,
    Tokens,
  ],
})
export class GatewayModule {}
