import { newKey, newTrace, traceIdOf } from '#runtime';
import { freePort } from '#servers';
import {
  type Collector,
  collector,
  endServices,
  type Receiver,
  receiver,
  type ServiceProcess,
  serviceProcess,
  testDatabase,
  testNats,
  until,
} from '#testing';

const token = 'test-admin-token-0123456789';
const names = ['rules', 'journal', 'health', 'webhook', 'gateway'];
/** Tells, on the standard error, which packages of OpenTelemetry the program asks for. */
const hook = `import { writeSync } from 'node:fs';
export const resolve = (name, context, next) => {
  if (name.startsWith('@opentelemetry/')) writeSync(2, 'asked for ' + name + '\\n');
  return next(name, context);
};`;
const script = (text: string) => `data:text/javascript,${encodeURIComponent(text)}`;
const watching = ['--import', script(`import { register } from 'node:module'; register(${JSON.stringify(script(hook))});`)];

let nats: Awaited<ReturnType<typeof testNats>>;
let database: Awaited<ReturnType<typeof testDatabase>>;
let sink: Receiver;
let taking: Collector;
let services: ServiceProcess[] = [];
beforeEach(async () => {
  [nats, database, sink, taking] = await Promise.all([testNats(), testDatabase(), receiver(), collector()]);
}, 60_000);
afterEach(async () => {
  endServices();
  await nats.stop();
  await database.drop();
  await sink.close();
  await taking.close();
});

const call = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${services.at(-1)!.port}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** Every service on its own, and a channel at the receiver. */
async function start(env: Record<string, string>): Promise<void> {
  const fixed = {
    DATABASE_URL: database.url,
    FARMBELL_SECRET_KEYS: newKey(),
    FARMBELL_ADMIN_TOKEN: token,
    FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true',
    FARMBELL_EGRESS_ALLOW: '127.0.0.0/8',
  };
  const begin = (name: string) => serviceProcess(name, { ...fixed, ...env, NATS_URL: nats.urlOf(name) }, watching);
  services = await Promise.all(names.map(begin));
  expect((await call('/v1/channels', { name: 'c', type: 'webhook', settings: { url: sink.origin } })).status).toBe(201);
}

async function published(trace: string): Promise<string> {
  expect((await call('/v1/events', { id: 'apart', type: 'job.failed' }, { traceparent: trace })).status).toBe(202);
  return String((await sink.next(({ json }) => json.id === 'apart', 20_000)).headers.traceparent);
}

it('services apart send their parts of one trace, the last of them when they are stopped', async () => {
  await start({ OTEL_EXPORTER_OTLP_ENDPOINT: taking.origin });
  const trace = newTrace().replace(/00$/, '01');
  const heard = await published(trace);
  expect(traceIdOf(heard)).toBe(traceIdOf(trace));
  await until('it is recorded', 20_000, async () => {
    const answer = await fetch(`http://127.0.0.1:${services.at(-1)!.port}/v1/deliveries?outcome=delivered`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return ((await answer.json()) as { data: unknown[] }).data.length === 1;
  });
  await Promise.all(services.map((one) => one.end('SIGTERM')));
  const spans = taking.spans().filter(({ traceId }) => traceId === traceIdOf(trace));
  const told = spans.map(({ resource, name }) => `${resource['service.name']}: ${name}`);
  for (const one of [
    'farmbell-gateway: POST /v1/events',
    'farmbell-rules: decide EVENTS',
    'farmbell-webhook: deliver webhook',
    'farmbell-webhook: call webhook',
    'farmbell-journal: record EVENTS',
    'farmbell-journal: record ATTEMPTS',
    'farmbell-health: record ATTEMPTS',
  ])
    expect(told).toContain(one);
  const known = new Set([trace.slice(36, 52), ...spans.map(({ spanId }) => spanId)]);
  expect(spans.filter(({ parentId }) => !known.has(parentId))).toEqual([]);
  // and the watch sees what it is there to see
  expect(services[0]!.output()).toContain('asked for @opentelemetry/sdk-trace-base');
}, 120_000);

it('without a collector nothing of OpenTelemetry is loaded, and the trace is handed on as it came', async () => {
  await start({});
  const trace = newTrace();
  expect(await published(trace)).toMatch(new RegExp(`^${trace}$`));
  expect(services.map((one) => one.output())).toEqual(names.map(() => ''));
  await call('/v1/events', { id: 'no-trace', type: 'job.failed' });
  const { headers } = await sink.next(({ json }) => json.id === 'no-trace', 20_000);
  // begun here, and recorded by nobody
  expect(headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  await Promise.all(services.map((one) => one.end('SIGTERM')));
}, 120_000);

it('a collector that is away holds nothing up: deliveries go on, and the log says so once', async () => {
  const away = `http://127.0.0.1:${await freePort()}`;
  await start({ OTEL_EXPORTER_OTLP_ENDPOINT: away, OTEL_EXPORTER_OTLP_TIMEOUT: '500', OTEL_BSP_SCHEDULE_DELAY: '100' });
  await published(newTrace().replace(/00$/, '01'));
  const complaints = () =>
    services
      .at(-1)!
      .output()
      .split('\n')
      .filter((line) => line.includes('Traces cannot be exported'));
  for (let n = 0; n < 5; n++) {
    expect((await call('/v1/events', { id: `more-${n}`, type: 'job.failed' })).status).toBe(202);
    await sink.next(({ json }) => json.id === `more-${n}`, 20_000);
    await until('it is said', 20_000, () => complaints().length > 0);
  }
  await Promise.all(services.map((one) => one.end('SIGTERM')));
  expect(complaints()).toEqual([expect.stringContaining('ECONNREFUSED')]);
}, 120_000);
