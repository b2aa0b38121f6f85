import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Module } from '@nestjs/common';
import { makeLog, readConfig, start } from '#runtime';
import { freePort, natsTarget } from '#servers';
import { until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('what comes in is bounded', () => {
  let farm: Awaited<ReturnType<typeof testFarm>>;
  let grpcPort: number;
  beforeAll(async () => {
    grpcPort = await freePort();
    farm = await testFarm(modules, {}, grpcPort);
  }, 60_000);
  afterAll(() => farm?.stop());

  it.each([
    ['an event of more than 8 MiB', '/v1/events', JSON.stringify({ type: 'job.started', message: 'x'.repeat(8 << 20) }), 413],
    ['an event nested a million deep', '/v1/events', `{"type":"job.started","data":{"a":${deep(1_000_000)}}}`, 422],
    ['an array of nothing but brackets, refused row by row', '/v1/events', deep(2_000_000), 202],
    ['brackets that never close', '/v1/events', '['.repeat(4_000_000), 400],
    ['a channel of more than 512 KiB', '/v1/channels', JSON.stringify({ name: 'x'.repeat(600 << 10) }), 413],
    ['a channel nested too deep', '/v1/channels', `{"name":"x","type":"webhook","settings":{"a":${deep(100_000)}}}`, 422],
  ])('%s', async (_, path, body, status) => {
    const answer = await farm.call('POST', path, body);
    expect(answer.status).toBe(status);
    expect((await farm.call('POST', '/v1/events', { type: 'job.started' })).status).toBe(202);
  });

  it('headers and addresses of any length', async () => {
    const long = await fetch(`${await farm.url()}/v1/events`, { headers: { 'x-long': 'x'.repeat(20_000) } });
    expect(long.status).toBe(431);
    expect((await farm.call('GET', `/v1/events/${'x'.repeat(2_000)}`)).status).toBe(414);
  });

  it('streams on one gRPC connection', async () => {
    const session = connectHttp2(`http://127.0.0.1:${grpcPort}`);
    await once(session, 'remoteSettings');
    expect(session.remoteSettings.maxConcurrentStreams).toBe(2000);
    // a caller that knocks without end is sent away, and others are served
    const gone = once(session, 'close');
    session.on('error', () => {});
    for (let n = 0; n < 300 && !session.closed; n++)
      session.request({ ':path': '/nothing', 'content-type': 'text/plain' }).on('error', () => {});
    session.destroy();
    await gone;
    expect((await farm.call('GET', '/readyz')).status).toBe(200);
  });

  it('messages of bare NATS: what is too large is not stored, what is nested without end is refused and holds nobody up', async () => {
    const publisher = await connect(natsTarget(farm.nats.publisherUrl));
    const js = jetstream(publisher);
    await expect(js.publish('farmbell.ingest.default.job.started', new Uint8Array((4 << 20) + 1))).rejects.toThrow(
      /max_payload/i,
    );
    await js.publish('farmbell.ingest.default.job.started', `{"id":"deep","data":{"a":${deep(1_000_000)}}}`);
    await js.publish('farmbell.ingest.default.job.started', JSON.stringify({ id: 'large', message: 'x'.repeat(3 << 20) }));
    await js.publish('farmbell.ingest.default.job.started', '{"id":"good"}');
    await publisher.close();
    await until('the good one', 10_000, async () => (await farm.call('GET', '/v1/events/good')).status === 200);
    const data = await until('both refusals', 10_000, async () => {
      const { data } = (await farm.call('GET', '/v1/rejected')).body;
      return data.length === 2 && data;
    });
    const messages = data.flatMap((one: { errors: { message: string }[] }) => one.errors.map(({ message }) => message));
    expect(messages).toEqual(
      expect.arrayContaining([expect.stringMatching(/nested deeper/), expect.stringMatching(/longer|more than|larger/)]),
    );
  });
});

describe('who is slow', () => {
  @Module({})
  class Nothing {}
  let port: number;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    const app = await start({
      name: 'slow',
      modules: [Nothing],
      config: readConfig({}),
      log: makeLog({ name: 'slow', level: 'silent' }),
      host: '127.0.0.1',
      port: 0,
      patience: { headersMs: 300, requestMs: 600 },
    });
    port = Number(new URL(await app.getUrl()).port);
    stop = () => app.close();
  });
  afterAll(() => stop?.());

  it.each([
    ['headers', 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Never'],
    ['a body', 'POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{'],
  ])('with %s is sent away', async (_, beginning) => {
    const socket = connectTcp(port, '127.0.0.1');
    let heard = '';
    socket.on('data', (data) => {
      heard += data;
    });
    socket.write(beginning);
    await once(socket, 'close');
    expect(heard).toMatch(/^(HTTP\/1.1 408 |$)/);
  });
});
