import { ChannelCredentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { jetstream } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { protoPath } from '#contracts';
import { newTrace, traceIdOf } from '#runtime';
import { freePort, natsTarget } from '#servers';
import { type CollectedSpan, type Collector, collector, type ReceivedRequest, type Receiver, receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

/** As somebody sends it whose own trace is recorded. */
const recorded = () => newTrace().replace(/00$/, '01');
const traceparent = ({ headers: sent }: ReceivedRequest) => String(sent.traceparent);

let farm: Awaited<ReturnType<typeof testFarm>>;
let taking: Collector;
let sink: Receiver;
let grpcPort: number;
const lines: string[] = [];
const answers: { status: number }[] = [];
beforeAll(async () => {
  // read by OpenTelemetry itself
  process.env.OTEL_BSP_SCHEDULE_DELAY = '200';
  [taking, sink, grpcPort] = await Promise.all([collector(), receiver(() => answers.shift()), freePort()]);
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: taking.origin, FARMBELL_LOG_LEVEL: 'debug' };
  farm = await testFarm(modules, env, grpcPort, (line) => void lines.push(line));
  await until('the owners answer', 30_000, async () => (await farm.call('GET', '/readyz')).status === 200);
  const channel = { name: 'traced', type: 'webhook', settings: { url: sink.origin } };
  expect((await farm.call('POST', '/v1/channels', channel)).status).toBe(201);
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await sink?.close();
  await taking?.close();
});

async function byRest(id: string, trace: string): Promise<void> {
  expect((await farm.call('POST', '/v1/events', { id, type: 'job.failed' }, { traceparent: trace })).status).toBe(202);
}

async function byGrpc(id: string, trace: string): Promise<void> {
  // biome-ignore lint/suspicious/noExplicitAny: a client made at run time
  const proto = loadPackageDefinition(loadSync(protoPath, { keepCase: true })) as any;
  const client = new proto.farmbell.v1.EventPublisher(`127.0.0.1:${grpcPort}`, ChannelCredentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${farm.env.FARMBELL_ADMIN_TOKEN}`);
  metadata.set('traceparent', trace);
  await new Promise<void>((done, failed) => {
    client.Publish({ event: { id, type: 'job.failed' } }, metadata, (error: Error | null) => (error ? failed(error) : done()));
  });
  client.close();
}

async function byNats(id: string, trace: string): Promise<void> {
  const publisher = await connect(natsTarget(farm.nats.publisherUrl));
  const given = headers();
  // as Go's clients spell it
  given.set('Traceparent', trace);
  await jetstream(publisher).publish('farmbell.ingest.default.job.failed', JSON.stringify({ id }), { headers: given });
  await publisher.close();
}

const spansOf = (trace: string) => taking.spans().filter(({ traceId }) => traceId === traceIdOf(trace));
/** The way from the publisher to a span: the names of all above it, and its own. */
function wayTo(span: CollectedSpan, spans: CollectedSpan[], publisher: string): string {
  const above = spans.find(({ spanId }) => spanId === span.parentId);
  if (above) return `${wayTo(above, spans, publisher)} > ${span.name}`;
  return span.parentId === publisher.slice(36, 52) ? span.name : `(lost) ${span.name}`;
}
const ways = (trace: string) => {
  const spans = spansOf(trace);
  return spans.map((span) => wayTo(span, spans, trace)).sort();
};
/** What one event at one channel leads to, below the span that took it in. */
const hops = (first: string): string[] => {
  const deliver = `${first} > decide EVENTS > deliver webhook`;
  const records = [`${first} > record EVENTS`, `${deliver} > record ATTEMPTS`, `${deliver} > record ATTEMPTS`];
  return [first, `${first} > decide EVENTS`, deliver, `${deliver} > call webhook`, ...records].sort();
};

it.each<[string, (id: string, trace: string) => Promise<void>, string]>([
  ['REST', byRest, 'POST /v1/events'],
  ['gRPC', byGrpc, 'farmbell.v1.EventPublisher/Publish'],
  ['NATS', byNats, 'accept INGEST'],
])(
  'one event by %s is one trace, from its publisher through every hop to the receiver',
  async (way, publish, first) => {
    const trace = recorded();
    const id = `by-${way}`;
    await publish(id, trace);
    const got = await sink.next(({ json }) => json.id === id, 20_000);
    await until('every hop', 20_000, () => spansOf(trace).length >= 7);
    expect(ways(trace)).toEqual(hops(first));
    const call = spansOf(trace).find(({ name }) => name === 'call webhook')!;
    expect(traceparent(got)).toBe(`00-${call.traceId}-${call.spanId}-01`);
    expect(call).toMatchObject({ kind: 'client', failed: false, attributes: { 'http.response.status_code': 204 } });
    const scopes = spansOf(trace).map(({ scope, name }) => `${scope} ${name.split(' ')[0]}`);
    for (const one of ['rules decide', 'webhook deliver', 'journal record', 'health record'])
      expect(scopes).toContain(`farmbell.${one}`);
    for (const { name, attributes, resource } of spansOf(trace)) {
      expect(resource).toMatchObject({ 'service.name': 'farmbell-test', 'service.version': expect.any(String) });
      if (name !== 'call webhook') expect([name, attributes['farmbell.event.id'] ?? id]).toEqual([name, id]);
    }
  },
  60_000,
);

it('keeps its trace when it is tried again, and when it is sent anew', async () => {
  const trace = recorded();
  answers.push({ status: 500 });
  await byRest('tried-again', trace);
  const mine = ({ json }: ReceivedRequest) => json.id === 'tried-again';
  const sent = [await sink.next(mine), await sink.next(mine, 30_000)];
  const attempts = () => spansOf(trace).filter(({ name }) => name === 'deliver webhook');
  await until('both attempts', 20_000, () => attempts().length === 2);
  const told = attempts().map(({ failed, attributes: of }) => [
    of['farmbell.delivery.attempt'],
    failed,
    of['error.type'],
    of['farmbell.delivery.outcome'],
  ]);
  expect(told.sort()).toEqual([
    [1, true, 'server', 'waiting'],
    [2, false, undefined, 'delivered'],
  ]);
  expect(new Set(attempts().map(({ parentId }) => parentId)).size).toBe(1);

  const delivery = await until('it has arrived', 20_000, async () => {
    const { data } = (await farm.call('GET', '/v1/deliveries?outcome=delivered')).body;
    return data.find((one: { event_id: string }) => one.event_id === 'tried-again');
  });
  expect((await farm.call('POST', `/v1/deliveries/${delivery.id}/replay`)).status).toBe(201);
  sent.push(await sink.next(mine, 20_000));
  expect(sent.map((request) => traceIdOf(traceparent(request)))).toEqual(Array(3).fill(traceIdOf(trace)));
  expect(new Set(sent.map(traceparent)).size).toBe(3);
}, 90_000);

it('begins a trace where none is given, or what is given is none, and for what Farmbell itself has to tell', async () => {
  const bad = `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`;
  await byRest('no-trace', bad);
  await farm.call('POST', '/v1/events', { id: 'none-given', type: 'job.failed' });
  const [one, other] = await Promise.all(['no-trace', 'none-given'].map((id) => sink.next(({ json }) => json.id === id, 20_000)));
  const traces = [one!, other!].map(traceparent);
  expect(traceIdOf(traces[0])).not.toBe(traceIdOf(bad));
  expect(traceIdOf(traces[0])).not.toBe(traceIdOf(traces[1]));
  for (const trace of traces)
    await until('it begins with the publishing', 20_000, () =>
      spansOf(trace).some(({ name, parentId }) => name === 'POST /v1/events' && parentId === ''),
    );
  const [channel] = (await farm.call('GET', '/v1/channels')).body.data;
  expect((await farm.call('POST', `/v1/channels/${channel.id}/test`)).body.outcome).toBe('delivered');
  const test = await sink.next(({ json }) => json.type === 'channel.test');
  await until('the test has a trace', 20_000, () => spansOf(traceparent(test)).some(({ name }) => name === 'deliver webhook'));
}, 60_000);

it('is told by the log too: one event can be followed by its trace from acceptance to arrival', async () => {
  const trace = recorded();
  await byRest('logged', trace);
  await sink.next(({ json }) => json.id === 'logged', 20_000);
  const told = () => lines.map((line) => JSON.parse(line)).filter(({ trace_id }) => trace_id === traceIdOf(trace));
  await until('it has arrived', 20_000, () => told().some(({ outcome }) => outcome === 'delivered'));
  expect(told().map(({ msg, event, level }) => [msg, event, level])).toEqual([
    ['An event was accepted.', 'logged', 20],
    ['A delivery arrived.', 'logged', 20],
  ]);
  expect(told()[1]).toMatchObject({ delivery: expect.any(String), channel: expect.any(String), attempt: 1, status: 204 });
}, 60_000);

it('shows what quiet hours hold back', async () => {
  const clock = (ms: number) => new Date(Date.now() + ms).toISOString().slice(11, 16);
  const hours = { start: clock(-3600_000), end: clock(3600_000), timezone: 'UTC' };
  expect((await farm.call('PUT', '/v1/quiet-hours', hours)).status).toBe(200);
  const trace = recorded();
  await byRest('held-back', trace);
  const first = 'POST /v1/events';
  const held = `${first} > decide EVENTS > hold DELIVERIES`;
  await until('every hop', 20_000, () => spansOf(trace).length >= 6);
  const records = [`${first} > record EVENTS`, `${held} > record ATTEMPTS`, `${held} > record ATTEMPTS`];
  expect(ways(trace)).toEqual([first, `${first} > decide EVENTS`, held, ...records].sort());
  await until('it is told by the log', 20_000, () =>
    lines.some((line) => JSON.parse(line).trace_id === traceIdOf(trace) && line.includes('quiet hours')),
  );
}, 60_000);
