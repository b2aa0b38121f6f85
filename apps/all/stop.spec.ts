import { credentials, loadPackageDefinition, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath } from '#contracts';
import { newKey } from '#runtime';
import { freePort } from '#servers';
import { endServices, receiver, type ServiceProcess, serviceProcess, testDatabase, testNats, until } from '#testing';

// biome-ignore lint/suspicious/noExplicitAny: the client is made from the proto file at run time
const { farmbell } = loadPackageDefinition(loadSync(protoPath, { keepCase: true, defaults: true, arrays: true })) as any;
const token = 'test-admin-token-0123456789';

let nats: Awaited<ReturnType<typeof testNats>>;
let database: Awaited<ReturnType<typeof testDatabase>>;
let env: Record<string, string>;
let gateway: ServiceProcess;
beforeAll(async () => {
  [nats, database] = await Promise.all([testNats(), testDatabase()]);
  env = {
    DATABASE_URL: database.url,
    FARMBELL_SECRET_KEYS: newKey(),
    FARMBELL_ADMIN_TOKEN: token,
    FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true',
    FARMBELL_EGRESS_ALLOW: '127.0.0.0/8',
  };
}, 60_000);
afterAll(async () => {
  endServices();
  await nats?.stop();
  await database?.drop();
});
const service = (name: string, more: Record<string, string> = {}) =>
  serviceProcess(name, { ...env, NATS_URL: nats.urlOf(name), ...more });
const call = (method: string, path: string, body?: unknown) =>
  fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    body: JSON.stringify(body),
  });

it('SIGTERM: readiness falls first, requests and attempts under way are finished, a live stream ends', async () => {
  let answerIt = () => {};
  const answered = new Promise<void>((done) => {
    answerIt = done;
  });
  const sink = await receiver(() => answered.then(() => ({ status: 204 })));
  const [rules, journal, webhook] = await Promise.all(['rules', 'journal', 'webhook'].map((name) => service(name)));
  gateway = await service('gateway');
  const made = await call('POST', '/v1/channels', { name: 'slow', type: 'webhook', settings: { url: sink.origin } });
  const { id } = (await made.json()) as { id: string };
  const stream = await call('GET', '/v1/stream');
  const heard = stream.text();
  const tested = call('POST', `/v1/channels/${id}/test`);
  await sink.next();

  const port = gateway.port;
  gateway.signal('SIGTERM');
  webhook!.signal('SIGTERM');
  // 503, or nobody there: whoever asks sends nothing more
  await until('it is not ready', 10_000, () =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ status }) => status === 503,
      () => true,
    ),
  );
  answerIt();
  expect(await (await tested).json()).toMatchObject({ outcome: 'delivered', status: 204 });
  await heard;
  await until('it takes nothing more', 10_000, () =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      () => false,
      () => true,
    ),
  );

  const all = [gateway, webhook!, rules!, journal!];
  await Promise.all(all.map((one) => one.end('SIGTERM')));
  expect(all.map((one) => one.output()).join('')).toBe('');
  expect(sink.requests).toHaveLength(1);
  await sink.close();
}, 90_000);

it('SIGTERM: a gRPC stream has its replies for what was taken, and is told that the rest is to be sent again', async () => {
  const others = await Promise.all(['rules', 'journal'].map((name) => service(name)));
  gateway = await service('gateway');
  const port = await freePort();
  const ingest = await service('printer-ingest', { FARMBELL_GRPC_PORT: String(port) });
  const client = new farmbell.v1.EventPublisher(`127.0.0.1:${port}`, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const replies: string[] = [];
  const over = new Promise<ServiceError>((done) => {
    const events = client.PublishStream(metadata);
    events.on('data', ({ id }: { id: string }) => replies.push(id)).on('error', done);
    let n = 0;
    const send = () => {
      if (!events.destroyed && n < 100_000)
        events.write({ event: { id: `e${n++}`, type: 'job.started' } }, () => setImmediate(send));
    };
    for (let i = 0; i < 20; i++) send();
  });
  await until('replies come', 20_000, () => replies.length > 500);
  ingest.signal('SIGTERM');
  const error = await over;
  expect([error.code, error.details]).toEqual([status.UNAVAILABLE, expect.stringContaining('send again what has no reply')]);
  await ingest.end('SIGTERM');

  // every reply is true, in its order, and nothing without one was taken
  expect(replies).toEqual(replies.map((_, n) => `e${n}`));
  const stored = async () => {
    const body = (await (await call('GET', `/v1/events?limit=500`)).json()) as { data: { id: string }[] };
    return body.data[0]?.id;
  };
  await until('the last one is listed first', 30_000, async () => (await stored()) === `e${replies.length - 1}`);
  client.close();
  await Promise.all([gateway, ...others].map((one) => one.end('SIGTERM')));
}, 90_000);
