import type { DynamicModule, Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Bus } from '#bus';
import { makeLog, newKey, readConfig, type Settings, start } from '#runtime';
import { type RawAnswer, rawHttp, rawRequest, testDatabase, testNats } from '#testing';
import { expectUnpolluted } from './arbitraries.js';

export const fuzzToken = 'test-admin-token-0123456789';

/** Services in this process over a NATS and a PostgreSQL of their own, with a connection beside them that may do everything. */
export async function fuzzFarm(
  modules: (Type | DynamicModule)[],
  env: Record<string, string> = {},
  prepare?: (config: Settings) => (app: NestFastifyApplication) => void,
) {
  const [nats, database] = await Promise.all([testNats(), testDatabase()]);
  const config = readConfig({
    NATS_URL: nats.url,
    DATABASE_URL: database.url,
    FARMBELL_SECRET_KEYS: newKey(),
    FARMBELL_ADMIN_TOKEN: fuzzToken,
    FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true',
    FARMBELL_EGRESS_ALLOW: '127.0.0.0/8',
    ...env,
  });
  const log = makeLog({ name: 'fuzz', level: 'silent' });
  const faults: string[] = [];
  Object.assign(log, { error: (...said: unknown[]) => faults.push(said.map((one) => JSON.stringify(one)).join(' ')) });
  const app = await start({
    name: 'fuzz',
    modules,
    config,
    log,
    host: '127.0.0.1',
    port: 0,
    ...(prepare && { prepare: prepare(config) }),
  });
  const port = Number(new URL(await app.getUrl()).port);
  const bus = await Bus.connect({ url: nats.url, name: 'fuzz' });
  const info = async (stream: string) => (await bus.jsm.streams.info(stream)).state;
  return {
    nats,
    config,
    port,
    bus,
    /** What the services logged as faults of their own. */
    faults,
    /** One request as the admin, its body as given. */
    send: (method: string, path: string, headers: [string, string][] = [], body: Uint8Array | string = ''): Promise<RawAnswer> =>
      rawHttp(port, rawRequest(method, path, [['authorization', `Bearer ${fuzzToken}`], ...headers], Buffer.from(body))),
    /** How many messages a stream holds. */
    count: async (stream: string): Promise<number> => (await info(stream)).messages,
    last: async <T>(stream: string): Promise<T> =>
      (await bus.jsm.streams.getMessage(stream, { seq: (await info(stream)).last_seq }))!.json<T>(),
    async stop() {
      await bus.close();
      await app.close();
      await nats.stop();
      await database.drop();
    },
  };
}

/** An answer that is no fault of the server's; a refusal in the form of RFC 9457, small, and without the token. */
export function expectFair(answer: RawAnswer, faults: readonly string[] = []): void {
  expect([answer.status, answer.status >= 500 ? [answer.text, ...faults] : []]).toEqual([expect.any(Number), []]);
  expect(answer.status).toBeGreaterThanOrEqual(200);
  expect(answer.text).not.toContain(fuzzToken);
  if (answer.status >= 400) {
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.text.length).toBeLessThan(100_000);
    const { type, title, status, errors = [] } = JSON.parse(answer.text);
    expect([type, title, status]).toEqual(['about:blank', expect.stringMatching(/\w/), answer.status]);
    for (const one of errors) expect(one).toEqual({ path: expect.any(String), message: expect.stringMatching(/\S{2}/) });
  }
  expectUnpolluted();
}
