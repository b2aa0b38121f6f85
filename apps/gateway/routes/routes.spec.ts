import { FastifyAdapter } from '@nestjs/platform-fastify';
import { testDatabase, testNats } from '#testing';
import { Harness } from '../harness.js';
import { controllers } from '../index.js';
import { routesOf } from './route.js';

let database: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let farm: Harness;
const served = new Set<string>();

beforeAll(async () => {
  // what Fastify is told to serve, from whoever tells it
  const init = FastifyAdapter.prototype.init;
  FastifyAdapter.prototype.init = async function (this: FastifyAdapter) {
    this.getInstance().addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) served.add(`${one} ${url}`);
    });
    return init.call(this);
  };
  [database, nats] = await Promise.all([testDatabase(), testNats()]);
  farm = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
  FastifyAdapter.prototype.init = init;
});
afterAll(async () => {
  await farm?.stop();
  await nats?.stop();
  await database?.drop();
});

const runtime = ['GET /healthz', 'GET /readyz', 'GET /metrics'];

it('what is served, what the table says and what the document says are the same', async () => {
  const table = routesOf(controllers).map(({ method, path }) => `${method} ${path}`);
  const said = [...served]
    .filter((one) => !/^(HEAD|OPTIONS) /.test(one) && !runtime.includes(one))
    .map((one) => one.replace(/:(\w+)/g, '{$1}'));
  expect([...said].sort()).toEqual([...table].sort());
  const { body } = await farm.get('/openapi.json', { token: null });
  const documented = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(documented.sort()).toEqual([...table].sort());
});

it('a scope follows from the method: read for GET, publish for events, manage for every other write', () => {
  for (const { method, path, access } of routesOf(controllers)) {
    if (access === 'none' || access === 'admin') continue;
    expect(`${method} ${path} ${access}`).toBe(
      `${method} ${path} ${path === '/v1/events' && method === 'POST' ? 'publish' : method === 'GET' ? 'read' : 'manage'}`,
    );
  }
});

it('every reference in the document leads somewhere, and every path parameter is said', async () => {
  const { body, text } = await farm.get('/openapi.json', { token: null });
  expect(body.openapi).toBe('3.1.0');
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
    expect(Object.keys(body.components.schemas)).toContain(name);
  expect(text).not.toContain('$defs');
  const post = body.paths['/v1/channels'].post;
  expect(post.requestBody.content['application/json'].schema.$ref).toBe('#/components/schemas/ChannelCreate');
  expect(Object.keys(post.responses)).toEqual(['201', '400', '401', '403', '404', '409', '413', '415', '422', '429', '503']);
  expect(body.components.schemas.ChannelCreate.properties.type.enum).toContain('telegram');
  // what has a default may be left out
  const quiet: { required: string[] }[] = body.components.schemas.QuietHoursGiven.oneOf;
  expect(quiet.map(({ required }) => required)).toEqual([['start', 'end', 'timezone'], ['enabled']]);
  const list = body.paths['/v1/events'].get.parameters.find(({ name }: { name: string }) => name === 'limit');
  expect(list.schema).toMatchObject({ type: 'integer', minimum: 1, maximum: 500, default: 50 });
});

it('the page shows every route and loads nothing from elsewhere', async () => {
  const { text, headers } = await farm.get('/docs', { token: null });
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
  for (const { path, summary } of routesOf(controllers)) {
    expect(text).toContain(`<code>${path}</code>`);
    expect(text).toContain(summary.replaceAll("'", '&#39;'));
  }
  expect(text).not.toMatch(/<script|src=|@import|<link/);
});
