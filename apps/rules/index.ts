import { Module } from '@nestjs/common';
import { connectBus } from '#bus';
import { CONFIG, Database, need, type Settings } from '#runtime';
import { AppConnectionRow } from './app-connections/row.js';
import { migrations } from './migrations.js';
import { QuietHoursRow } from './quiet/row.js';
import { ChannelRow, OrganizationRow, PrinterRow } from './rows.js';
import { Rules } from './rules.js';

export const openDatabase = (config: Settings): Promise<Database> =>
  Database.open({
    url: need(config, 'DATABASE_URL'),
    schema: 'rules',
    entities: [AppConnectionRow, ChannelRow, OrganizationRow, PrinterRow, QuietHoursRow],
    migrations,
  });

const database = { provide: Database, inject: [CONFIG], useFactory: openDatabase };

@Module({ providers: [connectBus('rules'), database, Rules] })
export class RulesModule {}
export { type Resealed, reseal } from './reseal.js';
