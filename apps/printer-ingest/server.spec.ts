import { type ClientReadableStream, credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { makeLog, readConfig, start } from '#runtime';
import { freePort } from '#servers';
import { type TestNats, testNats } from '#testing';
import { grpcServer, PrinterIngestModule } from './index.js';

// biome-ignore lint/suspicious/noExplicitAny: the clients are made from the proto files at run time
const load = (file: string): any => loadPackageDefinition(loadSync(`node_modules/${file}`, { keepCase: true, defaults: true }));
const { Health } = load('grpc-health-check/proto/health/v1/health.proto').grpc.health.v1;
const { ServerReflection } = load('@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto').grpc.reflection.v1;

describe('the gRPC server', () => {
  let nats: TestNats;
  let app: Awaited<ReturnType<typeof start>>;
  let address: string;
  beforeAll(async () => {
    nats = await testNats();
    const port = await freePort();
    address = `127.0.0.1:${port}`;
    const config = readConfig({ NATS_URL: nats.url });
    app = await start({
      name: 'printer-ingest',
      modules: [PrinterIngestModule],
      config,
      log: makeLog({ name: 'test', level: 'silent' }),
      host: '127.0.0.1',
      port: 0,
      prepare: (nest) => void nest.connectMicroservice(grpcServer(config, '127.0.0.1', port)),
    });
  });
  afterAll(async () => {
    await app.close();
    await nats.stop();
  });

  it.each([
    ['', 'SERVING'],
    ['farmbell.v1.EventPublisher', 'SERVING'],
    ['farmbell.v1.Nobody', 5],
  ])('answers for the health of %j', async (service, expected) => {
    const health = new Health(address, credentials.createInsecure());
    const told = await new Promise((done) =>
      health.Check({ service }, (error: { code: number } | null, reply: { status: number }) =>
        done(error ? error.code : reply.status === 1 ? 'SERVING' : reply.status),
      ),
    );
    health.close();
    expect(told).toBe(expected);
  });

  it('holds a thousand streams on one connection', async () => {
    const health = new Health(address, credentials.createInsecure());
    const streams: ClientReadableStream<{ status: number }>[] = Array.from({ length: 1000 }, () => health.Watch({ service: '' }));
    const told = streams.map((one) => new Promise<number>((done) => one.once('data', ({ status }) => done(status))));
    expect(new Set(await Promise.all(told))).toEqual(new Set([1]));
    for (const one of streams) one.on('error', () => {}).cancel();
    health.close();
  });

  it('tells its services and their messages', async () => {
    const reflection = new ServerReflection(address, credentials.createInsecure());
    const call = reflection.ServerReflectionInfo();
    // biome-ignore lint/suspicious/noExplicitAny: made from the proto file
    const ask = (question: object): Promise<any> =>
      new Promise((done) => {
        call.once('data', done);
        call.write(question);
      });
    const { list_services_response: list } = await ask({ list_services: '' });
    expect(list.service.map((one: { name: string }) => one.name)).toContain('farmbell.v1.EventPublisher');
    const { file_descriptor_response: found } = await ask({ file_containing_symbol: 'farmbell.v1.EventPublisher' });
    const files = Buffer.concat(found.file_descriptor_proto).toString('latin1');
    for (const name of ['PublishStream', 'PublishRequest', 'duration_s', 'Struct']) expect(files).toContain(name);
    call.end();
    reflection.close();
  });

  it('answers its probes', async () => {
    const url = await app.getUrl();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    await nats.kill();
    const waiting = await fetch(`${url}/readyz`);
    expect([waiting.status, await waiting.json()]).toEqual([503, { status: 'waiting', failing: ['printer-ingest nats'] }]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await nats.start();
  });
});
