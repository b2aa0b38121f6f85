import type { DynamicModule, Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { makeLog, newKey, readConfig, start } from '#runtime';
import { testDatabase, testNats } from '#testing';
import { grpcServer } from '../printer-ingest/index.js';

/**
 * A farm for specs: modules in this process over a real NATS and PostgreSQL of their own, each service as its own NATS user.
 * stop() throws when NATS refused one of them something. `onLine` is told every line of the log.
 */
export async function testFarm(
  modules: (Type | DynamicModule)[],
  env: Record<string, string> = {},
  grpcPort?: number,
  onLine: (line: string) => void = () => {},
) {
  const [nats, database] = await Promise.all([testNats(), testDatabase()]);
  const fixed = {
    NATS_URL: nats.url,
    DATABASE_URL: database.url,
    FARMBELL_SECRET_KEYS: newKey(),
    FARMBELL_ADMIN_TOKEN: 'test-admin-token-0123456789',
    FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true',
    FARMBELL_EGRESS_ALLOW: '127.0.0.0/8',
  };
  const refused: string[] = [];
  const shown = process.env.FARMBELL_TEST_LOG;
  const write = (line: string) => {
    onLine(line);
    if (line.includes('the server refuses')) refused.push(line);
    if (shown) process.stdout.write(line);
  };
  const level = shown ?? env.FARMBELL_LOG_LEVEL ?? 'warn';
  const log = makeLog({ name: 'test', level, to: { write } });
  const prepare =
    grpcPort === undefined
      ? undefined
      : (nest: NestFastifyApplication) =>
          void nest.connectMicroservice(grpcServer(readConfig({ ...fixed, ...env }), '127.0.0.1', grpcPort));
  const launch = () =>
    start({
      name: 'test',
      modules,
      config: readConfig({ ...fixed, ...env }),
      log,
      host: '127.0.0.1',
      port: 0,
      natsUrlOf: nats.urlOf,
      // what specs leave open is cut
      drainMs: 1000,
      prepare,
    });
  let app = await launch();
  return {
    nats,
    database,
    env: fixed,
    url: () => app.getUrl(),
    /** One request as the admin: its status and body. */
    async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const answer = await fetch(`${await app.getUrl()}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${fixed.FARMBELL_ADMIN_TOKEN}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      });
      const text = await answer.text();
      // biome-ignore lint/suspicious/noExplicitAny: specs look into answers of every shape
      return { status: answer.status, body: (text ? JSON.parse(text) : undefined) as any };
    },
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
      if (refused.length > 0) throw new Error(`NATS refused what a service needs: ${refused.join('')}`);
    },
  };
}
