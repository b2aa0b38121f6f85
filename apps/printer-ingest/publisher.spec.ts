import { type ClientDuplexStream, credentials, loadPackageDefinition, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { parse } from 'protobufjs';
import { answer, Bus } from '#bus';
import { type FarmEvent, Problem, protoPath } from '#contracts';
import { makeLog, readConfig, start } from '#runtime';
import { freePort } from '#servers';
import { type TestNats, testNats, until } from '#testing';
import { grpcServer, PrinterIngestModule } from './index.js';

type Reply = { id: string; duplicate: boolean; errors: { path: string; message: string }[] };
// biome-ignore lint/suspicious/noExplicitAny: the client is made from the proto file at run time
const { farmbell } = loadPackageDefinition(loadSync(protoPath, { keepCase: true, defaults: true, arrays: true })) as any;
const { root } = parse(
  `syntax = "proto3";
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Violation { string field = 1; string description = 2; }
  message BadRequest { repeated Violation field_violations = 1; }`,
  { keepCase: true },
);
const decoded = (type: string, bytes: Uint8Array) => root.lookupType(type).toObject(root.lookupType(type).decode(bytes));

const tokens: Record<string, string[]> = { good: ['publish'], reader: ['read'] };
const value = (any: unknown): unknown => {
  if (any === null) return { nullValue: 0 };
  if (Array.isArray(any)) return { listValue: { values: any.map(value) } };
  if (typeof any === 'object') return { structValue: struct(any) };
  return { [`${typeof any === 'boolean' ? 'bool' : typeof any}Value`]: any };
};
const struct = (any: object) => ({ fields: Object.fromEntries(Object.entries(any).map(([key, one]) => [key, value(one)])) });

describe('farmbell.v1.EventPublisher', () => {
  let nats: TestNats;
  let bus: Bus;
  let app: Awaited<ReturnType<typeof start>>;
  let address: string;
  // biome-ignore lint/suspicious/noExplicitAny: made from the proto file
  let client: any;
  beforeAll(async () => {
    nats = await testNats();
    bus = await Bus.connect({ url: nats.url, name: 'gateway' });
    answer(bus, 'gateway.token.verify', async ({ token, account = 'default' }) => {
      if (!tokens[token]) throw new Problem(401, 'Unauthorized', 'The token is unknown');
      return { account, scopes: tokens[token], admin: false };
    });
    const port = await freePort();
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
    address = `127.0.0.1:${port}`;
    client = new farmbell.v1.EventPublisher(address, credentials.createInsecure());
  });
  afterAll(async () => {
    client.close();
    await app.close();
    await bus.close();
    await nats.stop();
  });

  const metadata = (token = 'good', account?: string) => {
    const made = new Metadata();
    if (token) made.set('authorization', `Bearer ${token}`);
    if (account) made.set('farmbell-account', account);
    return made;
  };
  const publish = (event: object | undefined, as = metadata()): Promise<Reply> =>
    new Promise((done, fail) => {
      const callback = (error: ServiceError | null, reply: Reply) => (error ? fail(error) : done(reply));
      client.Publish({ event }, as, { deadline: Date.now() + 15_000 }, callback);
    });
  const refused = (event: object | undefined, as = metadata()): Promise<ServiceError> =>
    publish(event, as).then(
      () => Promise.reject(new Error('was accepted')),
      (error) => error,
    );
  const open = (as = metadata()) => {
    const call: ClientDuplexStream<object, Reply> = client.PublishStream(as);
    const replies: Reply[] = [];
    const faults: ServiceError[] = [];
    call.on('data', (reply: Reply) => replies.push(reply));
    call.on('error', (fault: ServiceError) => faults.push(fault));
    const send = (event: object) => call.write({ event });
    return { call, replies, send, error: () => faults[0], ended: () => call.readableEnded };
  };
  const stored = async (subject: string): Promise<FarmEvent | undefined> =>
    (await bus.jsm.streams.getMessage('EVENTS', { last_by_subj: subject }))?.json<FarmEvent>();

  it('stores an event with all that it brings', async () => {
    const event = {
      id: 'full',
      type: 'job.failed',
      printer: { id: 'p1', tags: ['pla', 'hall'] },
      job: { name: 'Benchy', progress: 0, layer: 7, external: false },
      snapshot: { image: { content_type: 'image/jpeg', data: Buffer.from('ffd8ffe000104a46', 'hex') } },
      data: struct({ text: 'x', zero: 0, no: false, nothing: null, list: [1, [], {}], deep: { empty: '' } }),
    };
    expect(await publish(event)).toEqual({ id: 'full', duplicate: false, errors: [] });
    expect(await stored('farmbell.event.default.job.failed')).toMatchObject({
      id: 'full',
      account: 'default',
      title: 'Print Failed: Benchy (p1)',
      printer: { id: 'p1', tags: ['pla', 'hall'] },
      job: { name: 'Benchy', progress: 0, layer: 7, external: false },
      snapshot: { id: expect.any(String), content_type: 'image/jpeg', bytes: 8 },
      data: { text: 'x', zero: 0, no: false, nothing: null, list: [1, [], {}], deep: { empty: '' } },
    });
    expect(await publish({ ...event, title: 'second' })).toEqual({ id: 'full', duplicate: true, errors: [] });
  });

  it('publishes into the account that the metadata asks for and the token allows', async () => {
    await publish({ type: 'printer.online' }, metadata('good', 'school'));
    expect(await stored('farmbell.event.school.printer.online')).toMatchObject({ account: 'school' });
  });

  it('names each fault in a google.rpc.BadRequest', async () => {
    const error = await refused({ type: 'job.failed', job: { progress: 101 }, severity: 'fatal' });
    expect([error.code, error.details]).toEqual([status.INVALID_ARGUMENT, expect.stringContaining('job.progress: ')]);
    const details = decoded('Status', error.metadata.get('grpc-status-details-bin')[0] as Buffer);
    expect(details).toMatchObject({ code: 3, details: [{ type_url: 'type.googleapis.com/google.rpc.BadRequest' }] });
    const { field_violations } = decoded('BadRequest', details.details[0].value);
    expect(field_violations.map((one: { field: string }) => one.field)).toEqual(['severity', 'job.progress']);
    for (const one of field_violations) expect(one.description).toMatch(/\w{3}/);
  });

  it.each<[string, object | undefined, string]>([
    ['no event', undefined, 'type: is required'],
    ['an empty picture', { type: 'job.failed', snapshot: { image: {} } }, 'snapshot'],
    ['another account', { type: 'job.failed', account: 'other' }, "account: is 'other'"],
    [
      'data 30 deep',
      { type: 'job.failed', data: struct(JSON.parse(`${'{"a":'.repeat(30)}1${'}'.repeat(30)}`)) },
      'deeper than 20',
    ],
  ])('refuses %s', async (_, event, text) => {
    expect(await refused(event)).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringContaining(text) });
  });

  it.each<[string, string, number]>([
    ['no token', '', status.UNAUTHENTICATED],
    ['an unknown token', 'wrong', status.UNAUTHENTICATED],
    ['a token that may only read', 'reader', status.PERMISSION_DENIED],
  ])('refuses %s, alone and in a stream', async (_, token, code) => {
    const refusal = { code, details: expect.stringMatching(/\w{4}/) };
    expect(await refused({ type: 'job.failed' }, metadata(token))).toMatchObject(refusal);
    const stream = open(metadata(token));
    stream.send({ type: 'job.failed' });
    expect(await until('the stream is refused', 5000, stream.error)).toMatchObject(refusal);
  });

  it('says RESOURCE_EXHAUSTED for what is too large', async () => {
    const image = { content_type: 'image/png', data: Buffer.alloc(5 * 1024 * 1024) };
    expect(await refused({ type: 'job.failed', snapshot: { image } })).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });

  it('survives data that is nested without bound', async () => {
    let fields = Buffer.alloc(0);
    const tagged = (tag: number, bytes: Buffer) => Buffer.concat([Buffer.from([tag]), varint(bytes.length), bytes]);
    const varint = (n: number): Buffer => Buffer.from(n < 128 ? [n] : [(n & 127) | 128, ...varint(n >> 7)]);
    for (let i = 0; i < 3000; i++)
      fields = tagged(10, Buffer.concat([tagged(10, Buffer.from('a')), tagged(18, tagged(42, fields))]));
    const event = Buffer.concat([tagged(18, Buffer.from('job.failed')), Buffer.from([138, 1]), varint(fields.length), fields]);
    const call = new Promise<ServiceError | null>((done) =>
      client.makeUnaryRequest(
        '/farmbell.v1.EventPublisher/Publish',
        (b: Buffer) => b,
        (b: Buffer) => b,
        tagged(10, event),
        metadata(),
        {},
        done,
      ),
    );
    expect((await call)?.code).toBeGreaterThan(0);
    expect(await publish({ id: 'after', type: 'job.failed' })).toMatchObject({ id: 'after' });
  });

  it('answers a stream event by event, a bad one in its turn, and stays open', async () => {
    const { call, replies, send, ended, error } = open();
    const events: [object, object][] = [
      [
        { id: 's1', type: 'job.started' },
        { id: 's1', duplicate: false, errors: [] },
      ],
      [
        { id: 's2', type: 'job.nonsense' },
        { id: '', errors: [{ path: 'type', message: expect.stringContaining('job.nonsense') }] },
      ],
      [
        { id: 's1', type: 'job.started' },
        { id: 's1', duplicate: true },
      ],
      [
        { id: 's3', type: 'job.paused' },
        { id: 's3', duplicate: false },
      ],
    ];
    for (const [i, [event, reply]] of events.entries()) {
      send(event);
      await until(`reply ${i} is there while the stream is open`, 5000, () => replies.length === i + 1);
      expect(replies[i]).toMatchObject(reply);
    }
    call.end();
    await until('the stream ends', 5000, ended);
    expect([replies.length, error()]).toEqual([4, undefined]);
  });

  it('keeps the order of 2,000 events of a stream, with and without ids and pictures', async () => {
    await bus.jsm.streams.purge('EVENTS');
    const { call, replies, send, ended } = open();
    const image = { content_type: 'image/jpeg', data: Buffer.concat([Buffer.from('ffd8ff', 'hex'), Buffer.alloc(20_000)]) };
    for (let n = 0; n < 2000; n++) {
      const extra = n % 100 === 0 ? { snapshot: { image } } : n % 3 === 0 ? { id: `n${n}` } : {};
      send({ type: 'job.progress', title: String(n), ...extra });
    }
    call.end();
    await until('all are answered', 25_000, ended);
    const { messages, first_seq } = (await bus.jsm.streams.info('EVENTS')).state;
    expect([replies.length, messages]).toEqual([2000, 2000]);
    const events = await Promise.all(
      replies.map(async (_, i) => (await bus.jsm.streams.getMessage('EVENTS', { seq: first_seq + i }))!.json<FarmEvent>()),
    );
    expect(events.map((event) => event.title)).toEqual(replies.map((_, i) => String(i)));
    expect(replies.map((reply) => reply.id)).toEqual(events.map((event) => event.id));
  });

  it('says UNAVAILABLE while the broker is away, and takes the repeat', async () => {
    const stream = open();
    stream.send({ id: 'u0', type: 'job.failed' });
    await until('the stream works', 5000, () => stream.replies.length === 1);
    await nats.kill();
    stream.send({ id: 'u1', type: 'job.failed' });
    expect(await refused({ id: 'u1', type: 'job.failed' })).toMatchObject({ code: status.UNAVAILABLE });
    expect(await until('the stream is told', 20_000, stream.error)).toMatchObject({ code: status.UNAVAILABLE });
    await nats.start();
    const reply = await until('the repeat is taken', 20_000, () => publish({ id: 'u1', type: 'job.failed' }));
    expect(reply).toMatchObject({ id: 'u1', errors: [] });
  }, 60_000);
});
