import type { DynamicModule, Type } from '@nestjs/common';
import { makeLog, newKey, readConfig, start } from '#runtime';
import { testDatabase, testNats } from '#testing';

/** A farm for specs: modules in this process over a real NATS and PostgreSQL of their own. */
export async function testFarm(modules: (Type | DynamicModule)[], env: Record<string, string> = {}) {
  const [nats, database] = await Promise.all([testNats(), testDatabase()]);
  const fixed = {
    NATS_URL: nats.url,
    DATABASE_URL: database.url,
    FARMBELL_SECRET_KEYS: newKey(),
    FARMBELL_ADMIN_TOKEN: 'test-admin-token-0123456789',
    FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true',
    FARMBELL_EGRESS_ALLOW: '127.0.0.0/8',
  };
  const log = makeLog({ name: 'test', level: process.env.FARMBELL_TEST_LOG ?? 'silent' });
  const launch = () =>
    start({ name: 'test', modules, config: readConfig({ ...fixed, ...env }), log, host: '127.0.0.1', port: 0 });
  let app = await launch();
  return {
    nats,
    database,
    env: fixed,
    url: () => app.getUrl(),
    /** Stops the services and starts them anew, with some settings changed. */
    async restart(changed: Record<string, string> = {}) {
      await app.close();
      env = { ...env, ...changed };
      app = await launch();
    },
    async stop() {
      await app.close();
      await nats.stop();
      await database.drop();
    },
  };
}
