import { Module } from '@nestjs/common';
import { connectBus } from '#bus';
import { CONFIG, Database, need, type Settings } from '#runtime';
import { migrations } from './migrations.js';
import { ChannelRow, OrganizationRow, PrinterRow } from './rows.js';
import { Rules } from './rules.js';

export const openDatabase = (config: Settings): Promise<Database> =>
  Database.open({
    url: need(config, 'DATABASE_URL'),
    schema: 'rules',
    entities: [ChannelRow, OrganizationRow, PrinterRow],
    migrations,
  });

const database = { provide: Database, inject: [CONFIG], useFactory: openDatabase };

@Module({ providers: [connectBus('rules'), database, Rules] })
export class RulesModule {}
export { type Resealed, reseal } from './reseal.js';
