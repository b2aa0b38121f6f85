import { type ClientDuplexStream, credentials, loadPackageDefinition, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { answer, Bus } from '#bus';
import { Problem, protoPath } from '#contracts';
import { makeLog, readConfig, start } from '#runtime';
import { freePort } from '#servers';
import { type TestNats, testNats, until } from '#testing';
import { grpcServer, PrinterIngestModule } from './index.js';

// biome-ignore lint/suspicious/noExplicitAny: the client is made from the proto file at run time
const { farmbell } = loadPackageDefinition(loadSync(protoPath, { keepCase: true, defaults: true, arrays: true })) as any;

/** How many events a second an account may publish here. */
const perS = 5;

let nats: TestNats;
let gateway: Bus;
let app: Awaited<ReturnType<typeof start>>;
// biome-ignore lint/suspicious/noExplicitAny: made from the proto file
let client: any;
let asked = 0;

beforeAll(async () => {
  nats = await testNats();
  gateway = await Bus.connect({ url: nats.urlOf('gateway'), name: 'gateway' });
  answer(gateway, 'gateway.token.verify', async ({ token }) => {
    asked++;
    if (!token.startsWith('of-')) throw new Problem(401, 'Unauthorized', 'The token is unknown');
    return { account: token.slice(3), scopes: ['publish'], admin: false };
  });
  const port = await freePort();
  const config = readConfig({ NATS_URL: nats.urlOf('printer-ingest'), FARMBELL_PUBLISH_PER_S: String(perS) });
  app = await start({
    name: 'printer-ingest',
    modules: [PrinterIngestModule],
    config,
    log: makeLog({ name: 'test', level: 'silent' }),
    host: '127.0.0.1',
    port: 0,
    prepare: (nest) => void nest.connectMicroservice(grpcServer(config, '127.0.0.1', port)),
  });
  client = new farmbell.v1.EventPublisher(`127.0.0.1:${port}`, credentials.createInsecure());
});
afterAll(async () => {
  client?.close();
  await app?.close();
  await gateway?.close();
  await nats?.stop();
});

const bearer = (token: string) => {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
};
/** The status of one call, and what it says of waiting. */
const publish = (token: string): Promise<{ code: status; wait: number }> =>
  new Promise((done) =>
    client.Publish({ event: { type: 'job.started' } }, bearer(token), (error: ServiceError | null) =>
      done({ code: error?.code ?? status.OK, wait: Number(error?.metadata.get('retry-after')[0] ?? 0) }),
    ),
  );
const stored = async () => (await gateway.jsm.streams.info('EVENTS')).state.messages;

it('takes FARMBELL_PUBLISH_PER_S events of an account, refuses the rest, and holds back nobody else', async () => {
  const answers = await Promise.all(Array.from({ length: 4 * perS }, () => publish('of-busy')));
  const refused = answers.filter(({ code }) => code === status.RESOURCE_EXHAUSTED);
  // what the bucket holds, and what trickles in while the calls are made
  expect(answers.length - refused.length).toBeGreaterThanOrEqual(perS);
  expect(refused.length).toBeGreaterThan(0);
  for (const { wait } of refused) expect(wait).toBeGreaterThanOrEqual(1);
  expect((await publish('of-other')).code).toBe(status.OK);
  expect(await stored()).toBe(answers.length - refused.length + 1);
  await until('the account may go on', 5_000, async () => (await publish('of-busy')).code === status.OK);
});

it('reads a stream more slowly instead: nothing of it is refused', async () => {
  const before = await stored();
  const began = Date.now();
  const call: ClientDuplexStream<object, { id: string }> = client.PublishStream(bearer('of-stream'));
  const replies: { id: string }[] = [];
  call.on('data', (reply) => replies.push(reply));
  const ended = new Promise((done, fail) => call.once('end', done).once('error', fail));
  for (let n = 0; n < 2 * perS; n++) call.write({ event: { type: 'job.started' } });
  call.end();
  await ended;
  expect([replies.length, (await stored()) - before]).toEqual([2 * perS, 2 * perS]);
  // the second half had to wait for the bucket to fill again
  expect(Date.now() - began).toBeGreaterThanOrEqual(900);
});

// the last: this address has then used up its bad tokens
it('lets an address guess a few tokens and then one a second, and asks nobody about the others', async () => {
  expect((await publish('of-known')).code).toBe(status.OK);
  const before = asked;
  // at once: those under way count
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => publish(`guess-${n}`)));
  const refused = answers.filter(({ code }) => code === status.RESOURCE_EXHAUSTED);
  for (const { wait } of refused) expect(wait).toBeGreaterThanOrEqual(1);
  expect(answers.filter(({ code }) => code === status.UNAUTHENTICATED)).toHaveLength(200 - refused.length);
  // twenty, and one for each second that this took
  expect(refused.length).toBeGreaterThan(100);
  expect(asked - before).toBe(200 - refused.length);
  expect((await publish('of-known')).code).toBe(status.OK);
});
