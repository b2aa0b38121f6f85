import { Bus } from '#bus';
import { channelTypes, reasons } from '#contracts';
import { tellDisk } from '#runtime';
import { alerts, dashboards, matches, panelQueries, type Receiver, receiver, selectorsOf, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

interface Sample {
  metric: string;
  labels: Record<string, string>;
  value: number;
}

const read = (text: string): Sample[] =>
  [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, metric, labels = '', value]) => ({
    metric: metric!,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, of]) => [name!, of!])),
    value: Number(value),
  }));

const minute = (ms: number) => new Date(Date.now() + ms).toISOString().slice(11, 16);

describe('the metrics of a farm', () => {
  let farm: Awaited<ReturnType<typeof testFarm>>;
  const receivers: Receiver[] = [];
  beforeAll(async () => {
    tellDisk('.');
    farm = await testFarm(modules, { FARMBELL_PUBLISH_PER_S: '20' });
  }, 60_000);
  afterAll(async () => {
    await Promise.all(receivers.map((one) => one.close()));
    await farm?.stop();
  });

  const scrape = async () => read(await (await fetch(`${await farm.url()}/metrics`)).text());
  const sum = (samples: Sample[], metric: string, labels: Record<string, string> = {}) =>
    samples
      .filter((one) => one.metric === metric && Object.entries(labels).every(([name, value]) => one.labels[name] === value))
      .reduce((all, { value }) => all + value, 0);
  /** Waits for one metric's sum. */
  const becomes = (value: number, metric: string, labels: Record<string, string> = {}) =>
    until(`${metric} ${JSON.stringify(labels)} is ${value}`, 25_000, async () => sum(await scrape(), metric, labels) === value);
  const made: string[] = [];
  const channel = async (name: string, answer: Parameters<typeof receiver>[0], more: object = {}) => {
    const sink = await receiver(answer);
    receivers.push(sink);
    const { body } = await farm.call('POST', '/v1/channels', {
      name,
      type: 'webhook',
      events: ['job.*'],
      settings: { url: sink.origin },
      ...more,
    });
    made.push(body.id);
    return { id: body.id as string, sink };
  };
  const publish = (body: unknown) => farm.call('POST', '/v1/events', body);

  it('are there from the start, whole, at zero', async () => {
    const samples = await scrape();
    const series = (metric: string) => samples.filter((one) => one.metric === metric);
    expect(series('farmbell_events_total')).toHaveLength(4 * 5);
    expect(series('farmbell_attempts_total')).toHaveLength(channelTypes.length * (1 + reasons.length));
    expect(series('farmbell_deliveries_total')).toHaveLength(channelTypes.length * 15);
    expect(series('farmbell_event_to_arrival_seconds_count')).toHaveLength(channelTypes.length * 4);
    expect(series('farmbell_deliveries_waiting')).toHaveLength(channelTypes.length * 4);
    expect(series('farmbell_channels_disabled_total').map(({ labels }) => labels.cause)).toEqual(['failures', 'gone']);
    const counted = samples.filter(
      ({ metric }) => /_total$|_seconds_(count|bucket)$/.test(metric) && metric.startsWith('farmbell_'),
    );
    expect(counted.length).toBeGreaterThan(1000);
    expect(counted.filter(({ metric, value }) => value !== 0 && !metric.startsWith('farmbell_ask'))).toEqual([]);
    expect(series('farmbell_build_info')).toEqual([
      { metric: 'farmbell_build_info', labels: { service: 'test', version: expect.stringMatching(/^\d+\.\d+\.\d+/) }, value: 1 },
    ]);
    expect(series('farmbell_ready').length).toBeGreaterThan(15);
    expect(new Set(series('farmbell_ready').map(({ value }) => value))).toEqual(new Set([1]));
  });

  it('count what happens', async () => {
    for (const type of channelTypes) await becomes(16, 'farmbell_lanes_owned', { type });
    const well = await channel('well', undefined);
    await channel('once', () => ({ status: 400 }), { retry: { mode: 'once' }, auto_disable: { failures: 100 } });
    await channel('later', () => ({ status: 503, headers: { 'retry-after': '3600' } }));
    await channel('limited', (_, all) => (all.length === 1 ? { status: 429, headers: { 'retry-after': '1' } } : undefined));
    await channel('quiet', undefined, {
      quiet_hours: { enabled: true, start: minute(-3600_000), end: minute(7200_000), timezone: 'UTC' },
    });
    expect((await publish({ id: 'e1', type: 'job.started', printer: { id: 'p1' } })).status).toBe(202);
    expect((await publish({ id: 'e1', type: 'job.started' })).body.duplicate).toBe(true);
    expect((await publish([{ id: 'e2', type: 'job.failed' }, { type: 'job.exploded' }])).status).toBe(202);
    expect((await publish('{')).status).toBe(400);
    const bus = await Bus.connect({ url: farm.nats.url, name: 'publisher' });
    for (const body of ['{"id":"e3"}', '{"severity":"loud"}', 'bell'])
      await bus.publish('farmbell.ingest.default.job.paused', body);
    await bus.close();
    expect((await farm.call('POST', `/v1/channels/${well.id}/test`)).body.outcome).toBe('delivered');

    const type = 'webhook';
    await becomes(6, 'farmbell_deliveries_total', { type, outcome: 'delivered', reason: 'none' });
    await becomes(3, 'farmbell_deliveries_total', { type, outcome: 'failed', reason: 'invalid' });
    await becomes(3, 'farmbell_deliveries_total', { type, outcome: 'suppressed', reason: 'quiet' });
    await becomes(3, 'farmbell_attempts_total', { type, reason: 'server' });
    await becomes(2, 'farmbell_events_total', { way: 'nats', result: 'rejected' });
    await becomes(3, 'farmbell_deliveries_waiting', { type, cause: 'retry' });
    const samples = await scrape();
    const is = (value: number, metric: string, labels: Record<string, string> = {}) =>
      expect([metric, labels, sum(samples, metric, labels)]).toEqual([metric, labels, value]);
    is(2, 'farmbell_events_total', { way: 'rest', result: 'accepted' });
    is(1, 'farmbell_events_total', { way: 'rest', result: 'duplicate' });
    is(2, 'farmbell_events_total', { way: 'rest', result: 'rejected' });
    is(1, 'farmbell_events_total', { way: 'nats', result: 'accepted' });
    is(2, 'farmbell_rejected_total', { service: 'printer-ingest' });
    // the test was an attempt, and no delivery of anybody's
    is(7, 'farmbell_attempts_total', { reason: 'none' });
    is(1, 'farmbell_attempts_total', { reason: 'rate_limited' });
    is(1, 'farmbell_provider_pauses_total');
    is(12, 'farmbell_deliveries_taken_total', { type });
    is(14, 'farmbell_attempt_duration_seconds_count');
    is(6, 'farmbell_event_to_arrival_seconds_count');
    is(0, 'farmbell_event_to_arrival_seconds_count', { cause: 'retry' });
    expect(sum(samples, 'farmbell_event_to_arrival_seconds_count', { cause: 'limit' })).toBeGreaterThanOrEqual(1);
    expect(sum(samples, 'farmbell_event_to_arrival_seconds_count', { cause: 'first' })).toBeGreaterThanOrEqual(3);
    is(3, 'farmbell_rules_events_total');
    is(15, 'farmbell_rules_deliveries_total');
    is(3, 'farmbell_http_requests_total', { route: '/v1/events', method: 'POST', status: '202' });
    is(1, 'farmbell_http_requests_total', { route: '/v1/events', method: 'POST', status: '400' });
    is(1, 'farmbell_http_requests_total', { route: '/v1/channels/{id}/test', method: 'POST', status: '200' });
    is(5, 'farmbell_asks_total', { ask: 'rules.channel.create', result: 'ok' });
  }, 60_000);

  it('tell how many events were too many, and what no route is', async () => {
    const many = Array.from({ length: 25 }, () => ({ type: 'order.closed' }));
    // the first one may be more than is allowed, and is then made up for
    expect([(await publish(many)).status, (await publish(many)).status]).toEqual([202, 429]);
    expect((await farm.call('GET', '/v1/nothing/of/ours')).status).toBe(404);
    const samples = await scrape();
    expect(sum(samples, 'farmbell_events_total', { way: 'rest', result: 'limited' })).toBe(25);
    expect(sum(samples, 'farmbell_http_requests_total', { route: 'other', status: '404' })).toBe(1);
  });

  it('tell of the whole farm: its channels, its streams, its readers', async () => {
    await becomes(5, 'farmbell_channels', { type: 'webhook', state: 'enabled' });
    await becomes(3 + 25, 'farmbell_stream_messages', { stream: 'EVENTS' });
    await becomes(2, 'farmbell_stream_messages', { stream: 'REJECTED' });
    await becomes(0, 'farmbell_consumer_lag_messages');
    const samples = await scrape();
    const readers = samples.filter(({ metric }) => metric === 'farmbell_consumer_lag_seconds').map(({ labels }) => labels);
    expect(readers.map(({ consumer, stream }) => `${consumer} ${stream}`).sort()).toEqual(
      [
        ...channelTypes.map((type) => `${type} DELIVERIES`),
        ...['EVENTS', 'ROUTED', 'ATTEMPTS', 'REJECTED'].map((stream) => `journal ${stream}`),
        ...['EVENTS', 'COMMANDS', 'DELIVERIES'].map((stream) => `rules ${stream}`),
        'health ATTEMPTS',
        'printer-ingest INGEST',
      ].sort(),
    );
    expect(sum(samples, 'farmbell_jetstream_storage_bytes')).toBeGreaterThan(1000);
    expect(sum(samples, 'farmbell_stream_bytes', { stream: 'OBJ_SNAPSHOTS' })).toBe(0);
    expect(sum(samples, 'farmbell_data_dir_free_bytes')).toBeGreaterThan(0);
  }, 60_000);

  it('tell when a channel begins to fail, and when it is disabled', async () => {
    const { id } = await channel('failing', () => ({ status: 400 }), {
      retry: { mode: 'once' },
      auto_disable: { failures: 2 },
      events: ['printer.*'],
    });
    expect((await publish({ type: 'printer.offline' })).status).toBe(202);
    await becomes(1, 'farmbell_channels_failing');
    await publish({ type: 'printer.online' });
    await becomes(1, 'farmbell_channels_disabled_total', { cause: 'failures' });
    await until('it is disabled', 10_000, async () => !(await farm.call('GET', `/v1/channels/${id}`)).body.enabled);
    await becomes(0, 'farmbell_channels_failing');
    const samples = await scrape();
    expect(sum(samples, 'farmbell_channels_warned_total')).toBe(1);
    expect(sum(samples, 'farmbell_events_total', { way: 'own', result: 'accepted' })).toBe(2);
  }, 60_000);

  it('have every series that a dashboard or an alert asks for', async () => {
    const samples = await scrape();
    const exprs = [...dashboards().flatMap(panelQueries), ...alerts()].map(({ expr }) => expr);
    const selectors = exprs.flatMap(selectorsOf).filter(({ metric }) => metric.includes('_'));
    expect(selectors.length).toBeGreaterThan(80);
    const missing = selectors.filter(({ metric, matchers }) => {
      const demanded = matchers.filter(({ value, label }) => !value.startsWith('$') && label !== 'job');
      return !samples.some(
        (one) => one.metric === metric && demanded.every((matcher) => matches(matcher, one.labels[matcher.label] ?? '')),
      );
    });
    expect(missing).toEqual([]);
  });

  it('name no account, channel, printer or event', async () => {
    const values = new Set((await scrape()).flatMap(({ labels }) => Object.values(labels)));
    const ids = ['default', ...made, 'p1', 'e1', 'e2', 'e3', 'well', 'failing'];
    expect([...values].filter((value) => ids.some((id) => value === id || (id.length > 6 && value.includes(id))))).toEqual([]);
  });

  it('are no longer told by who is no longer active', async () => {
    await farm.restart();
    await until('it is active again', 10_000, async () => (await scrape()).some(({ metric }) => metric === 'farmbell_channels'));
    const twice = (await scrape()).filter(({ labels }) => labels.consumer === 'rules' && labels.stream === 'EVENTS');
    expect(twice.map(({ metric }) => metric).sort()).toEqual(['farmbell_consumer_lag_messages', 'farmbell_consumer_lag_seconds']);
  }, 60_000);
});
