import { ChannelCredentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Bus } from '#bus';
import { protoPath, subjects } from '#contracts';
import { freePort } from '#servers';
import { receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

const event = (id: string) => ({
  id,
  type: 'job.succeeded',
  time: '2026-03-01T12:00:00.000Z',
  printer: { id: 'x1c-3', name: 'X1C' },
  job: { id: '142', name: 'Benchy', duration_s: 4980 },
});

async function farm() {
  const grpcPort = await freePort();
  const running = await testFarm(modules, {}, grpcPort);
  const sink = await receiver();
  const channel = await running.call('POST', '/v1/channels', {
    name: 'sink',
    type: 'webhook',
    settings: { url: `${sink.origin}/` },
  });
  expect(channel.status).toBe(201);
  const bus = await Bus.connect({ url: running.nats.url, name: 'publisher' });
  // biome-ignore lint/suspicious/noExplicitAny: a client made at run time
  const proto = loadPackageDefinition(loadSync(protoPath, { keepCase: true, defaults: true })) as any;
  const client = new proto.farmbell.v1.EventPublisher(`127.0.0.1:${grpcPort}`, ChannelCredentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${running.env.FARMBELL_ADMIN_TOKEN}`);
  return {
    ...running,
    sink,
    rest: (body: object) => running.call('POST', '/v1/events', body),
    grpc: (body: object) =>
      new Promise<{ id: string; duplicate: boolean }>((done, fail) =>
        client.Publish({ event: body }, metadata, (error: Error, reply: never) => (error ? fail(error) : done(reply))),
      ),
    bare: (body: object) => bus.publish(subjects.ingest('default', 'job.succeeded'), body),
    async end() {
      client.close();
      await bus.close();
      await sink.close();
      await running.stop();
    },
  };
}

describe('one event, three ways in', () => {
  let running: Awaited<ReturnType<typeof farm>>;
  beforeAll(async () => {
    running = await farm();
  });
  afterAll(() => running.end());

  it('arrives the same by REST, gRPC and bare NATS', async () => {
    const { sink, rest, grpc, bare } = running;
    expect(await rest(event('by-rest'))).toEqual({ status: 202, body: { id: 'by-rest', duplicate: false } });
    expect(await grpc(event('by-grpc'))).toMatchObject({ id: 'by-grpc', duplicate: false });
    await bare(event('by-nats'));
    const bodies = await Promise.all(
      ['by-rest', 'by-grpc', 'by-nats'].map((id) => sink.next((request) => (request.json as { id: string }).id === id, 10_000)),
    );
    const plain = bodies.map(({ json }) => ({ ...(json as object), id: '-' }));
    expect(plain[1]).toEqual(plain[0]);
    expect(plain[2]).toEqual(plain[0]);
    expect(plain[0]).toMatchObject({
      title: 'Print Complete: Benchy (X1C)',
      message: 'Job #142 completed on X1C after 1h 23m.',
      severity: 'success',
      account: 'default',
    });
  });

  it('arrives once when it is published on every way with one id', async () => {
    const { sink, rest, grpc, bare, call } = running;
    expect((await rest(event('once'))).body.duplicate).toBe(false);
    expect((await rest(event('once'))).body.duplicate).toBe(true);
    expect((await grpc(event('once'))).duplicate).toBe(true);
    await bare(event('once'));
    await bare(event('last'));
    await sink.next((request) => (request.json as { id: string }).id === 'last', 10_000);
    expect(sink.requests.filter((request) => (request.json as { id: string }).id === 'once')).toHaveLength(1);
    await until('the journal', 10_000, async () =>
      (await call('GET', '/v1/deliveries')).body.data.find(
        (d: { event_id: string; outcome: string }) => d.event_id === 'last' && d.outcome === 'delivered',
      ),
    );
    const deliveries = (await call('GET', '/v1/deliveries')).body.data.filter((d: { event_id: string }) => d.event_id === 'once');
    expect(deliveries).toHaveLength(1);
    expect(deliveries[0].attempts).toHaveLength(1);
  });
});
