import { connect } from 'node:net';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { type FarmEvent, protoPath, type Rejection } from '#contracts';
import { fuzz, fuzzFarm, fuzzToken, goodEvent, hostileJson, hostileText, nearlyGood, nested, rareJson } from '#fuzzing';
import { freePort } from '#servers';
import { until } from '#testing';
import { grpcServer } from '../printer-ingest/index.js';
import { modules } from './modules.js';

let farm: Awaited<ReturnType<typeof fuzzFarm>>;
let client: Client;
let Request: protobuf.Type;
beforeAll(async () => {
  const port = await freePort();
  farm = await fuzzFarm(modules, {}, (config) => (nest) => void nest.connectMicroservice(grpcServer(config, '127.0.0.1', port)));
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  Request = (await protobuf.load(protoPath)).lookupType('farmbell.v1.PublishRequest');
}, 60_000);
afterAll(async () => {
  client?.close();
  await farm?.stop();
});

const as = (token = fuzzToken) => {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
};
const bytes = (buffer: Buffer) => buffer;
const publisher = '/farmbell.v1.EventPublisher';
const publish = (message: Uint8Array, metadata = as()): Promise<{ code: number; details: string }> =>
  new Promise((done) => {
    const ended = (error: ServiceError | null) => done(error ?? { code: status.OK, details: '' });
    client.makeUnaryRequest(
      `${publisher}/Publish`,
      bytes,
      bytes,
      Buffer.from(message),
      metadata,
      { deadline: Date.now() + 20_000 },
      ended,
    );
  });
const encoded = (event: object) => Request.encode(Request.fromObject({ event })).finish();

/** A Struct so many levels deep: a varint length before each, and so written from the inside. */
function deepStruct(levels: number): Uint8Array {
  let inner = Buffer.from([0x20, 1]); // bool_value
  const field = (tag: number, body: Buffer) => {
    const size: number[] = [];
    for (let rest = body.length; ; rest >>>= 7) {
      size.push(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    return Buffer.concat([Buffer.from([tag, ...size]), body]);
  };
  for (let level = 0; level < levels; level++) inner = field(0x32, field(0x0a, inner)); // list_value.values
  const entry = Buffer.concat([field(0x0a, Buffer.from('a')), field(0x12, inner)]);
  const data = field(0x8a, Buffer.alloc(0)).subarray(0, 1);
  return field(
    0x0a,
    Buffer.concat([field(0x12, Buffer.from('job.failed')), data, Buffer.from([1]), field(0, field(0x0a, entry)).subarray(1)]),
  );
}

afterEach(async () => {
  const [event] = fc.sample(goodEvent, 1);
  expect(await publish(encoded({ id: event!.id as string, type: event!.type }))).toEqual({ code: status.OK, details: '' });
  expect(await farm.last('EVENTS')).toMatchObject({ id: event!.id, type: event!.type });
});

describe('gRPC', () => {
  const refusals = [status.OK, status.INVALID_ARGUMENT];

  it('answers any bytes, and stores nothing of what it refuses', async () => {
    const mutated = fc.tuple(goodEvent, fc.nat(), fc.uint8Array({ maxLength: 8 })).map(([event, at, put]) => {
      const whole = Buffer.from(encoded({ ...event, data: undefined }));
      whole.set(put.subarray(0, whole.length), at % Math.max(1, whole.length - put.length));
      return whole;
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 }).map(Buffer.from)), async (message) => {
        const before = await farm.count('EVENTS');
        const { code, details } = await publish(message);
        // bytes that are no message never reach the service
        expect([[...refusals, status.INTERNAL].includes(code), details]).toEqual([true, details]);
        if (code === status.INTERNAL) expect(details).toMatch(/deserializ/i);
        expect((await farm.count('EVENTS')) - before).toBe(code === status.OK ? 1 : 0);
      }),
      fuzz(80),
    );
  }, 600_000);

  it('takes or explains events with anything in their fields', async () => {
    const text = fc.oneof(hostileText, fc.constantFrom('job.failed', 'custom.x'));
    const amount = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0, 1e308));
    const value = fc.oneof(
      fc.record({ numberValue: amount }),
      fc.record({ stringValue: hostileText }),
      fc.constant({ listValue: { values: [{}, { nullValue: 0 }] } }),
    );
    const event = fc.record(
      {
        id: text,
        type: text,
        severity: text,
        time: text,
        title: text,
        job: fc.record({ name: text, progress: amount, layer: fc.integer() }, { requiredKeys: [] }),
        order: fc.record({ total: amount }),
        data: fc.record({ fields: fc.dictionary(hostileText, value, { maxKeys: 3 }) }),
        snapshot: fc.record({ image: fc.record({ contentType: text, data: fc.uint8Array() }) }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(event, async (given) => {
        const { code, details } = await publish(encoded(given));
        expect([refusals.includes(code), code, details]).toEqual([true, code, details]);
      }),
      fuzz(80),
    );
  }, 600_000);

  it.each([10, 90, 1000, 5_000])('answers a Struct of %d levels', async (levels) => {
    const { code, details } = await publish(deepStruct(levels));
    expect([code, details]).toEqual([levels < 20 ? status.OK : expect.any(Number), details]);
    expect([status.OK, status.INVALID_ARGUMENT, status.INTERNAL]).toContain(code);
  });

  it('tells a hundred faults with long paths as INVALID_ARGUMENT', async () => {
    const fields = Object.fromEntries(Array.from({ length: 12 }, (_, i) => ['🖨'.repeat(40) + i, { stringValue: '\0' }]));
    let deep: object = { structValue: { fields } };
    for (let level = 0; level < 17; level++) deep = { structValue: { fields: { ['🖨'.repeat(40)]: deep } } };
    const { code, details } = await publish(encoded({ type: 'job.failed', data: { fields: { a: deep } } }));
    expect([code, details]).toEqual([status.INVALID_ARGUMENT, expect.stringContaining('U+0000')]);
  });

  it('answers a stream request by request, whatever comes', async () => {
    const requests = fc.sample(
      fc.oneof(
        goodEvent.map(({ data: _, ...rest }) => rest),
        fc.record({ type: hostileText, id: hostileText }),
      ),
      60,
    );
    const call = client.makeBidiStreamRequest(`${publisher}/PublishStream`, bytes, bytes, as());
    let replies = 0;
    const faults: unknown[] = [];
    call.on('data', () => replies++).on('error', (fault) => faults.push(fault));
    for (const request of requests) call.write(Buffer.from(encoded(request)));
    await until('each has its reply', 20_000, () => replies === requests.length || faults.length > 0);
    expect([replies, faults]).toEqual([requests.length, []]);
    call.end();
  });

  it('refuses any token that is none', async () => {
    const token = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
      maxLength: 400,
    });
    await fc.assert(
      fc.asyncProperty(token, async (any) =>
        expect([status.UNAUTHENTICATED, status.RESOURCE_EXHAUSTED]).toContain(
          (await publish(encoded({ type: 'job.failed' }), as(any))).code,
        ),
      ),
      fuzz(30),
    );
  }, 600_000);
});

describe('bare NATS', () => {
  /** Publishes below the client, which would check the subject. */
  const put = (messages: [subject: Buffer, body: Buffer][]): Promise<void> =>
    new Promise((done, fail) => {
      const { username, password, port } = new URL(farm.nats.publisherUrl);
      const socket = connect(Number(port), '127.0.0.1');
      const login = JSON.stringify({ user: username, pass: password, verbose: false, pedantic: false });
      socket.write(`CONNECT ${login}\r\n`);
      for (const [subject, body] of messages)
        socket.write(
          Buffer.concat([Buffer.from('PUB '), subject, Buffer.from(` ${body.length}\r\n`), body, Buffer.from('\r\n')]),
        );
      socket.write('PING\r\n');
      socket
        .on('data', (text) => text.includes('PONG') && socket.end())
        .on('error', fail)
        .on('close', () => done());
    });
  const token = fc.oneof(hostileText, fc.constantFrom('default', 'job', 'failed', '*', '>', 'x'.repeat(300), '\xff'));
  const subject = fc.oneof(
    fc.constant('default.job.failed'),
    fc.array(token, { minLength: 1, maxLength: 5 }).map((tokens) => tokens.join('.')),
  );
  const body = fc.oneof(
    fc.oneof(nearlyGood, hostileJson).map((one) => Buffer.from(JSON.stringify(one))),
    rareJson.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 60 }).map((raw) => Buffer.from(raw)),
    fc
      .constantFrom('', 'null', nested(100_000), '['.repeat(100_000), `{"title":${nested(100_000)}}`, '"'.repeat(1 << 20))
      .map((text) => Buffer.from(text)),
  );
  const drained = () => until('INGEST is empty', 60_000, async () => (await farm.count('INGEST')) === 0);

  it('puts everything into EVENTS or aside, and goes on', async () => {
    const before = (await farm.count('EVENTS')) + (await farm.count('REJECTED'));
    const messages = fc
      .sample(fc.tuple(subject, body), fuzz(80).numRuns)
      .map(([text, sent]): [Buffer, Buffer] => [
        Buffer.from(`farmbell.ingest.${text.replace(/[\s\0]/g, '_').slice(0, 800)}`),
        sent,
      ]);
    await put(messages);
    await until('the last one is there', 20_000, async () => (await farm.bus.jsm.streams.info('INGEST')).state.last_seq > 0);
    await drained();
    expect((await farm.count('EVENTS')) + (await farm.count('REJECTED'))).toBeGreaterThan(before);
    await put([[Buffer.from('farmbell.ingest.default.job.paused'), Buffer.from('{"id":"after"}')]]);
    await until('a good one passes', 20_000, async () => (await farm.last<FarmEvent>('EVENTS')).id === 'after');
  }, 240_000);

  it('says why, also of what is nested too deep to be written again', async () => {
    await put([[Buffer.from('farmbell.ingest.default.job.failed'), Buffer.from(`{"title":${nested(100_000)}}`)]]);
    await drained();
    expect((await farm.last<Rejection>('REJECTED')).errors).toEqual([
      { path: 'title', message: expect.stringContaining('expected string') },
    ]);
  }, 90_000);

  it('shows what was put aside, whatever the subject was', async () => {
    await put([[Buffer.from('farmbell.ingest.default.a\0b\xff', 'latin1'), Buffer.from('{"id":"odd-subject"}')]]);
    await drained();
    const shown = async () =>
      JSON.parse((await farm.send('GET', '/v1/rejected?limit=500')).text).data.some((one: Rejection) =>
        one.body.includes('odd-subject'),
      );
    await until('GET /v1/rejected shows it', 20_000, shown);
  }, 90_000);
});
