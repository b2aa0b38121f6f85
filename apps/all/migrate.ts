/**
 * Brings the tables of every service up to date, and ends. Services do that at their start too; a deployment that does it
 * first keeps a long migration away from their probes.
 *
 *   DATABASE_URL=… node dist/apps/all/migrate.js
 */
import type { DynamicModule, FactoryProvider, Provider, Type } from '@nestjs/common';
import { Database, orExit, readConfig, type Settings } from '#runtime';
import { modules } from './modules.js';

/** How a module opens its own schema: what it declares for Nest, so that a service is never forgotten here. */
function openersOf(module: Type | DynamicModule): ((config: Settings) => Promise<Database>)[] {
  const declared: Provider[] = 'module' in module ? (module.providers ?? []) : (Reflect.getMetadata('providers', module) ?? []);
  const isDatabase = (one: Provider): one is FactoryProvider<Database> => 'provide' in one && one.provide === Database;
  return declared.filter(isDatabase).map(({ useFactory }) => useFactory as (config: Settings) => Promise<Database>);
}

await orExit(async () => {
  const config = readConfig();
  const schemas = new Set<string>();
  for (const open of modules.flatMap(openersOf)) {
    const database = await open(config);
    schemas.add((database.options as { schema?: string }).schema!);
    await database.destroy();
  }
  process.stdout.write(`The tables of ${[...schemas].sort().join(', ')} are up to date.\n`);
});
