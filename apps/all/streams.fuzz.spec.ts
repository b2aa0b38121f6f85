import { setTimeout as rest } from 'node:timers/promises';
import fc from 'fast-check';
import { type FarmEvent, subjects } from '#contracts';
import { fuzz, fuzzFarm, hostileJson, hostileText, rareJson, withFaults } from '#fuzzing';
import { printerKey } from '#intake';
import { type Receiver, receiver, until } from '#testing';
import { modules } from './modules.js';

let farm: Awaited<ReturnType<typeof fuzzFarm>>;
let hook: Receiver;
let channel: string;
/** One real message of each stream, as services write them. */
const real: Record<string, { subject: string; body: object }> = {};

const event = (id: string, more: Partial<FarmEvent> = {}): FarmEvent => ({
  id,
  type: 'job.failed',
  severity: 'error',
  time: new Date().toISOString(),
  title: 'Print Failed',
  message: 'A job failed.',
  account: 'default',
  ...more,
});
let serial = 0;
const json: [string, string][] = [['content-type', 'application/json']];

/** A good event goes all the way: to its receiver, and into the journal with its delivery. */
async function passes(): Promise<void> {
  const id = `good-${++serial}`;
  const answer = await farm.send('POST', '/v1/events', json, JSON.stringify({ id, type: 'job.failed', printer: { id: 'p1' } }));
  expect([answer.status, answer.text]).toEqual([202, JSON.stringify({ id, duplicate: false })]);
  await hook.next((request) => request.json?.id === id, 20_000);
  await until(`the journal shows ${id}`, 20_000, async () => (await farm.send('GET', `/v1/events/${id}`)).status === 200);
  await until(`the journal shows the delivery of ${id}`, 20_000, async () => {
    const { text } = await farm.send('GET', '/v1/deliveries?outcome=delivered');
    return JSON.parse(text).data.some(
      (one: { event_id: string; attempts: unknown[] }) => one.event_id === id && one.attempts.length === 1,
    );
  });
}

beforeAll(async () => {
  hook = await receiver();
  farm = await fuzzFarm(modules);
  const made = await farm.send(
    'POST',
    '/v1/channels',
    json,
    JSON.stringify({ name: 'good', type: 'webhook', events: ['job.failed'], settings: { url: hook.origin } }),
  );
  channel = JSON.parse(made.text).id;
  await passes();
  const kept = {
    EVENTS: 'farmbell.event.default.job.failed',
    ROUTED: 'farmbell.routed.default',
    ATTEMPTS: `farmbell.attempt.webhook.${channel}`,
  };
  for (const [stream, subject] of Object.entries(kept)) {
    const message = await farm.bus.jsm.streams.getMessage(stream, { last_by_subj: subject });
    real[stream] = { subject, body: message!.json<object>() };
  }
  real.COMMANDS = {
    subject: subjects.disable('nobody'),
    body: { channel: 'nobody', account: 'default', epoch: 1, reason: 'x', at: new Date().toISOString() },
  };
  real.QUIET = {
    subject: subjects.quiet('nobody'),
    body: {
      ...{ id: 'q', account: 'default', channel: 'nobody', channel_type: 'webhook', lane: 1, version: 1, epoch: 1, attempt: 1 },
      created_at: new Date().toISOString(),
      window: { starts: '2026-03-01T22:00:00.000Z', ends: '2099-03-02T07:00:00.000Z' },
      event: event('q'),
    },
  };
  real.REJECTED = {
    subject: subjects.rejected('fuzz'),
    body: { id: 'r', at: new Date().toISOString(), service: 'fuzz', subject: 's', account: 'default', errors: [], body: '' },
  };
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await hook?.close();
});

const garbage = (body: object) =>
  fc.oneof(
    { weight: 4, arbitrary: withFaults(fc.constant(body)).map((one) => JSON.stringify(one)) },
    { weight: 1, arbitrary: hostileJson.map((one) => JSON.stringify(one)) },
    { weight: 1, arbitrary: rareJson },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1')) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('', 'null', '[]', '{}', '"', '['.repeat(50_000), `${'['.repeat(50_000)}${']'.repeat(50_000)}`),
    },
  );
const sampled = (body: object, usual: number) => fc.sample(garbage(body), fuzz(usual));
const said = async (path: string) => JSON.parse((await farm.send('GET', path)).text);

/** A good message behind the garbage has its effect: the stream's readers went on. */
const readOn: Record<string, () => Promise<unknown>> = {
  EVENTS: passes,
  async ROUTED() {
    const [decision] = (real.ROUTED!.body as { decisions: object[] }).decisions;
    const delivery = `routed-${++serial}`;
    await farm.bus.publish(real.ROUTED!.subject, { account: 'default', decisions: [{ ...decision, delivery }] });
    await until('journal knows it', 20_000, async () => (await farm.send('GET', `/v1/deliveries/${delivery}`)).status === 200);
  },
  async ATTEMPTS() {
    const before = Date.now();
    await passes();
    await until(
      'health counts it',
      20_000,
      async () => Date.parse((await said(`/v1/channels/${channel}`)).status.last_success_at) >= before,
    );
  },
  async COMMANDS() {
    const body = JSON.stringify({ name: 'other', type: 'webhook', events: ['job.queued'], settings: { url: hook.origin } });
    const { id } = JSON.parse((await farm.send('POST', '/v1/channels', json, body)).text);
    await farm.bus.publish(subjects.disable(id), { ...real.COMMANDS!.body, channel: id });
    await until('rules obeys', 20_000, async () => (await said(`/v1/channels/${id}`)).enabled === false);
  },
  async QUIET() {
    const id = `quiet-${++serial}`;
    await farm.bus.publish(real.QUIET!.subject, { ...real.QUIET!.body, id });
    await until('it is suppressed', 60_000, async () => (await said(`/v1/deliveries/${id}`)).outcome === 'suppressed');
  },
  async REJECTED() {
    const id = `rejected-${++serial}`;
    await farm.bus.publish(real.REJECTED!.subject, { ...real.REJECTED!.body, id, subject: id, at: new Date().toISOString() });
    const shown = async () => (await said('/v1/rejected?limit=500')).data.some((one: { subject: string }) => one.subject === id);
    await until('journal shows it', 20_000, shown);
  },
};

it.each(Object.keys(readOn))(
  'garbage on %s is put aside, and what is good still passes',
  async (stream) => {
    const { subject, body } = real[stream]!;
    for (const text of sampled(body, 40)) await farm.bus.publish(subject, text);
    await readOn[stream]!();
    await passes();
  },
  240_000,
);

/** By settings that are not copied yet: it is waited for, for a minute, with all that is behind it. */
const isAhead = (text: string) => Number(/"version":(\d+)/.exec(text)?.[1]) > 1;

it('garbage on DELIVERIES is put aside, and what is good still passes', async () => {
  const head = {
    account: 'default',
    channel,
    channel_type: 'webhook',
    version: 1,
    epoch: 1,
    created_at: new Date().toISOString(),
    attempt: 1,
  };
  for (let n = 0; n < fuzz(120).numRuns; n++) {
    const lane = n % 16;
    const [text] = fc.sample(garbage({ ...head, id: `d${++serial}`, lane, event: event(`e${serial}`) }), 1);
    if (!isAhead(text!)) await farm.bus.publish(subjects.delivery('webhook', lane, channel), text);
  }
  await passes();
  await until('DELIVERIES holds the cursor alone', 60_000, async () => (await farm.count('DELIVERIES')) === 1);
  await passes();
}, 240_000);

it.each(['CHANNELS', 'PRINTERS', 'ACCOUNTS'])(
  'garbage in the bucket %s disturbs nobody',
  async (name) => {
    const bucket = await farm.bus.bucket(name);
    const keys = name === 'PRINTERS' ? [printerKey('default', 'p1')] : ['a', 'default.x', 'x_1', 'n'.repeat(200)];
    const good =
      name === 'PRINTERS'
        ? { id: 'p1', name: 'P', tags: ['a'], model: 'm' }
        : { id: 'a', type: 'webhook', version: 1, epoch: 1, sealed: 'x', enabled: true };
    for (const text of sampled(good, 40)) for (const key of keys) await bucket.put(key, text);
    await passes();
    await bucket.put(keys[0]!, '"text"');
    await rest(100);
    await passes();
    // a change of a channel still reaches those who deliver
    const patched = await farm.send(
      'PATCH',
      `/v1/channels/${channel}`,
      json,
      JSON.stringify({ settings: { url: `${hook.origin}/after-${name}` } }),
    );
    expect(patched.status).toBe(200);
    await passes();
    expect(hook.requests.at(-1)!.url).toBe(`/after-${name}`);
  },
  240_000,
);

const questions = [
  'rules.channel.create',
  'rules.channel.list',
  'rules.channel.get',
  'rules.channel.patch',
  'rules.channel.delete',
  'rules.channel.enable',
  'rules.channel.test',
  'rules.index.refresh',
  'health.status',
  'journal.event.list',
  'journal.event.get',
  'journal.event.known',
  'journal.delivery.list',
  'journal.delivery.get',
  'journal.rejected.list',
  'gateway.token.verify',
  'webhook.settings.check',
  'webhook.settings.describe',
];

it('every question is answered, whatever is asked', async () => {
  const words = {
    account: fc.oneof(fc.constant('default'), hostileText),
    id: hostileText,
    limit: hostileJson,
    cursor: hostileText,
    ids: hostileJson,
    channels: hostileJson,
    channel: hostileJson,
    settings: hostileJson,
    token: hostileJson,
    reply: hostileText,
  };
  const asked = fc.oneof(
    fc.record(words, { requiredKeys: [] }).map((one) => JSON.stringify(one)),
    rareJson,
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...questions), asked, async (name, text) => {
      const reply = await farm.bus.nc.request(`farmbell.ask.${name}`, text, { timeout: 10_000 });
      const answer = reply.json<{ problem?: { status: number; detail: string } }>();
      if (answer.problem) expect(answer.problem.status).toBeGreaterThanOrEqual(400);
    }),
    fuzz(200),
  );
  await passes();
}, 240_000);
