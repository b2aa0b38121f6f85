import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChannelCredentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import pg from 'pg';
import { natsUsers, protoPath } from '#contracts';
import { newKey } from '#runtime';
import { freePort, natsTarget } from '#servers';
import { type ReceivedRequest, receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

/** Every secret of this run. */
const secrets = new Map<string, string>();
function secret(what: string, value = `Mark${randomBytes(40).toString('hex')}`.slice(0, 64)): string {
  secrets.set(what, value);
  return value;
}
/** Every text that people or programs may come to read, by where it was found. */
const places = new Map<string, string>();
const keep = (where: string, text: string) => void places.set(where, `${places.get(where) ?? ''}${text}\n`);

const bytesAs = ['base64url', 'hex'] as const;
const forms = (value: string) => [value, encodeURIComponent(value), ...bytesAs.map((form) => Buffer.from(value).toString(form))];
const leaks = (known = secrets, read = places): string[] =>
  [...known].flatMap(([what, value]) =>
    [...read].flatMap(([where, text]) => (forms(value).some((form) => text.includes(form)) ? [`${what} in ${where}`] : [])),
  );

/** For each type, settings that are all secrets where they may be. A type without a row is not tried: that is a failure. */
const settingsOf: Record<string, () => Record<string, unknown>> = {
  discord: () => ({ url: `https://discord.com/api/webhooks/123456789012345678/${secret('discord token')}` }),
  slack: () => ({ url: `https://hooks.slack.com/services/T01234567/B01234567/${secret('slack token').slice(0, 24)}` }),
  telegram: () => ({
    bot_token: `123456789:${secret('telegram token', randomBytes(26).toString('hex').slice(0, 35))}`,
    chat_id: 1,
  }),
  pushover: () => ({
    app_token: secret('pushover app', randomBytes(15).toString('hex')),
    user_key: secret('pushover user', randomBytes(15).toString('hex')),
  }),
  webhook: () => webhookTo('ok'),
};

const webhookTo = (path: string, origin = sink.origin) => ({
  url: `${origin}/${path}?key=${secret(`query of ${path}`)}`,
  api_key: secret(`api key of ${path}`),
  signing_secret: `whsec_${secret(`signing secret of ${path}`, randomBytes(32).toString('base64'))}`,
  headers: { Authorization: `Bearer ${secret(`authorization of ${path}`)}`, 'X-Own': secret(`header of ${path}`) },
  timeout_s: 1,
});

/** Says back all that it was sent, as an error page or a debug answer would. */
const echo = ({ method, url, headers, body }: ReceivedRequest) => ({ body: { method, url, headers, sent: body.toString() } });
const answers: Record<string, (request: ReceivedRequest) => object> = {
  ok: echo,
  server: (request) => ({ status: 500, ...echo(request) }),
  auth: (request) => ({ status: 401, ...echo(request) }),
  gone: (request) => ({ status: 410, ...echo(request) }),
  busy: (request) => ({ status: 429, headers: { 'retry-after': '1' }, ...echo(request) }),
  moved: (request) => ({ status: 307, headers: { location: `http://10.0.0.1${request.url}` }, ...echo(request) }),
  late: (request) => ({ delayMs: 1500, ...echo(request) }),
  'v1/traces': ({ body }) => ({ kept: keep('spans', body.toString('latin1')) }),
};

let farm: Awaited<ReturnType<typeof testFarm>>;
let sink: Awaited<ReturnType<typeof receiver>>;
let operator: NatsConnection;
let grpcPort: number;
const keys = newKey();

beforeAll(async () => {
  sink = await receiver((request) => (answers[request.url.slice(1).split('?')[0]!] ?? answers.server!)(request));
  grpcPort = await freePort();
  const origins = ['DISCORD', 'SLACK', 'TELEGRAM', 'PUSHOVER'].map((name) => [`FARMBELL_${name}_ORIGIN`, sink.origin]);
  origins.push(['OTEL_EXPORTER_OTLP_ENDPOINT', sink.origin]);
  const env = { FARMBELL_LOG_LEVEL: 'trace', FARMBELL_SECRET_KEYS: keys, ...Object.fromEntries(origins) };
  farm = await testFarm(modules, env, grpcPort, (line) => keep('the log', line));
  secret('admin token', farm.env.FARMBELL_ADMIN_TOKEN);
  secret('fernet key', keys.slice(0, -1));
  secret('database password', new URL(farm.database.url).password);
  for (const user of ['farmbell', ...Object.keys(natsUsers)])
    secret(`NATS password of ${user}`, new URL(farm.nats.urlOf(user)).password);
  operator = await connect(natsTarget(farm.nats.url));
  // all that any stream or bucket ever takes; what services ask each other is stored nowhere, what a publisher sends is its own
  for (const subject of ['farmbell.>', '$KV.>', '$O.>'])
    operator.subscribe(subject, {
      callback: (_, { subject: on, headers, data }) => {
        if (!/^farmbell\.(ask|ingest)\./.test(on))
          keep(`messages of ${on.split('.').slice(0, 2)}`, `${on} ${headers} ${Buffer.from(data)}`);
      },
    });
  await operator.flush();
}, 60_000);
afterAll(async () => {
  await operator?.close();
  await farm?.stop();
  await sink?.close();
});

/** A request whose answer is kept to be searched. */
async function call(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
  const answer = await farm.call(method, path, body, headers);
  keep('the API', `${method} ${path.split('?')[0]} ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer;
}

async function channel(type: string, settings: object, more: object = {}): Promise<string> {
  const made = { name: `${type} channel`, type, settings, ...more };
  const { status, body } = await until('the owners answer', 30_000, async () => {
    const answer = await call('POST', '/v1/channels', made);
    return answer.status === 503 ? undefined : answer;
  });
  expect([type, status, body.errors]).toEqual([type, 201, undefined]);
  return body.id;
}

async function work(): Promise<string[]> {
  const { data } = (await call('GET', '/v1/channel-types')).body;
  const untried = data.map((one: { type: string }) => one.type).filter((type: string) => !(type in settingsOf));
  expect(untried).toEqual([]);
  const ids: string[] = [];
  for (const { type } of data) ids.push(await channel(type, settingsOf[type]!()));
  const once = { retry: { mode: 'once' } };
  for (const path of ['server', 'auth', 'gone', 'busy', 'moved', 'late'])
    ids.push(await channel('webhook', webhookTo(path), once));
  ids.push(await channel('webhook', webhookTo('dead', `http://127.0.0.1:${await freePort()}`), once));

  // what is generated is shown once, in the answer that is not kept here
  const made = await farm.call('POST', '/v1/channels', { name: 'g', type: 'webhook', settings: { url: `${sink.origin}/ok` } });
  secret('generated api key', made.body.settings.api_key);
  secret('generated signing secret', made.body.settings.signing_secret);
  const rotated = await farm.call('POST', `/v1/channels/${made.body.id}/rotate-key`);
  secret('rotated api key', rotated.body.settings.api_key);
  const { token } = (await farm.call('POST', '/v1/tokens', { name: 't', scopes: ['publish', 'read', 'manage'] })).body;
  secret('account token', token);
  ids.push(made.body.id);

  await refusals(ids[0]!, made.body.id);
  await publish(token);
  for (const id of ids) expect((await call('POST', `/v1/channels/${id}/test`)).status).toBe(200);
  return ids;
}

/** What is sent and refused, or replaced. */
async function refusals(chat: string, webhook: string): Promise<void> {
  const wrong: [string, unknown][] = [
    [`/v1/channels/${webhook}`, { settings: { api_key: secret('api key with a blank').replace('k', ' ') } }],
    [`/v1/channels/${webhook}`, { settings: { url: `ftp://me:${secret('password in a URL')}@example.org/` } }],
    [`/v1/channels/${webhook}`, { settings: { headers: { Host: secret('reserved header') } } }],
    [`/v1/channels/${webhook}`, { settings: { password: secret('unknown setting') } }],
    [`/v1/channels/${webhook}`, { settings: { signing_secret: secret('bad signing secret') } }],
    [`/v1/channels/${chat}`, { settings: { url: `https://example.org/${secret('not a provider URL')}` } }],
    [`/v1/channels/${chat}`, `{"settings": {"url": "${secret('cut off')}`],
    [`/v1/channels/${chat}`, { settings: { url: 7, bot_token: [secret('in a list')] } }],
  ];
  for (const [path, body] of wrong) expect([422, 400]).toContain((await call('PATCH', path, body)).status);
  const patched = { settings: { headers: { 'X-Own': secret('patched header') }, api_key: secret('patched api key') } };
  expect((await call('PATCH', `/v1/channels/${webhook}`, patched)).status).toBe(200);
  const stranger = `Bearer ${secret('wrong token')}`;
  expect((await call('GET', '/v1/channels', undefined, { authorization: stranger })).status).toBe(401);
  expect((await call('GET', `/v1/channels/x?token=${secret('token in a query')}`)).status).toBe(422);
}

async function publish(token: string): Promise<void> {
  const own = { authorization: `Bearer ${token}` };
  expect((await call('POST', '/v1/events', { id: 'rest', type: 'job.failed' }, own)).status).toBe(202);
  // biome-ignore lint/suspicious/noExplicitAny: a client made at run time
  const proto = loadPackageDefinition(loadSync(protoPath, { keepCase: true })) as any;
  const client = new proto.farmbell.v1.EventPublisher(`127.0.0.1:${grpcPort}`, ChannelCredentials.createInsecure());
  const grpc = (bearer: string) =>
    new Promise<string>((done) => {
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${bearer}`);
      const event = { id: 'grpc', type: 'job.failed' };
      client.Publish({ event }, metadata, (error: Error | null, reply: object) => done(error?.message ?? JSON.stringify(reply)));
    });
  for (const bearer of [token, secret('wrong token of gRPC')]) keep('gRPC answers', await grpc(bearer));
  client.close();
  const publisher = await connect(natsTarget(farm.nats.publisherUrl));
  const bad = { id: 'x y', api_key: secret('in a refused event'), data: { access_token: secret('deep in a refused event') } };
  for (const event of [{ id: 'nats' }, bad])
    await jetstream(publisher).publish('farmbell.ingest.default.job.failed', JSON.stringify(event));
  await publisher.close();
}

async function database(): Promise<void> {
  const sql = new pg.Client(farm.database.url);
  await sql.connect();
  const tables = await sql.query(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname !~ '^(pg_|information_schema)'`,
  );
  expect(tables.rows.length).toBeGreaterThan(8);
  for (const { name } of tables.rows)
    for (const { row } of (await sql.query(`select t::text as row from ${name} t`)).rows) keep(`table ${name}`, row);
  await sql.end();
}

it('shows no secret in logs, metrics, streams, buckets, tables or answers', async () => {
  const ids = await work();
  await until('all three events at every channel', 30_000, async () => {
    const { data } = (await farm.call('GET', '/v1/deliveries?type=job.failed&limit=500')).body;
    const tried = data.filter((one: { attempts: unknown[]; outcome: string | null }) => one.attempts.length > 0 || one.outcome);
    return tried.length >= ids.length && tried;
  });
  await until('the refusal', 10_000, async () => (await call('GET', '/v1/rejected')).body.data.length > 0);
  // the surroundings fail, and what is said about it is read too
  const sql = new pg.Client(farm.database.url);
  await sql.connect();
  await sql.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await sql.end();
  await farm.nats.kill();
  await call('POST', '/v1/events', { type: 'job.failed' });
  await farm.nats.start();
  await until('all is well again', 20_000, async () => (await call('GET', '/readyz')).status === 200);
  for (const list of ['channels', 'deliveries', 'events', 'tokens', 'accounts', 'rejected']) {
    const { data } = (await call('GET', `/v1/${list}?limit=500`)).body;
    for (const { id } of list === 'rejected' || list === 'tokens' ? [] : data) await call('GET', `/v1/${list}/${id}`);
  }
  for (const path of ['/metrics', '/docs', '/openapi.json']) keep(path, await (await fetch(`${await farm.url()}${path}`)).text());
  keep("NATS's log", readFileSync(join(farm.nats.storeDir, 'nats.log'), 'utf8'));
  await database();
  await until('spans of all are exported', 20_000, () => /record ATTEMPTS/.test(places.get('spans') ?? ''));
  expect(leaks()).toEqual([]);
}, 120_000);

it('would have found one: what is no secret stands in every kind of place, and each form of a secret is known', () => {
  const kinds = [
    'the log',
    'the API',
    '/metrics',
    'messages of $KV,CHANNELS',
    'messages of farmbell,attempt',
    'table journal.attempt',
    'spans',
  ];
  expect(kinds.filter((where) => !places.get(where))).toEqual([]);
  const found = (text: string) => leaks(new Map([['s', 'a secret+value']]), new Map([['p', text]]));
  for (const form of [...forms('a secret+value'), 'a secret value'])
    expect(found(`... ${form} ...`)).toEqual(form === 'a secret value' ? [] : ['s in p']);
  // echoed by every receiver, and not secret
  const echoed = leaks(new Map([['user agent', 'Farmbell/']]));
  for (const where of ['the API', ...kinds.slice(-3, -1)]) expect(echoed).toContain(`user agent in ${where}`);
});
