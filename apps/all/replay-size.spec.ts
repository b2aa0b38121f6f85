import { type ReceivedRequest, type Receiver, receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';
import { pastFailures } from './past-failures.js';

const count = 10_000;
const printers = 500;
/** One of them is told to wait, and with it all of its channel. */
const limitedAt = 3000;
const waitS = 2;
/** Of a channel under way at once, at most. */
const atOnce = 128;

let sink: Receiver;
let other: Receiver;
let farm: Awaited<ReturnType<typeof testFarm>>;
beforeAll(async () => {
  const slowDown = { status: 429, headers: { 'retry-after': String(waitS) } };
  [sink, other] = await Promise.all([receiver((_, all) => (all.length === limitedAt ? slowDown : undefined)), receiver()]);
  farm = await testFarm(modules);
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await Promise.all([sink?.close(), other?.close()]);
});

/** A call may take as long as any: that this machine is busy is no fault of the receiver's, to be tried again. */
const make = async (url: string, events: string[]) => {
  const given = { name: 'hook', type: 'webhook', events, settings: { url, timeout_s: 30 } };
  return (await farm.call('POST', '/v1/channels', given)).body.id as string;
};

const nOf = ({ json }: ReceivedRequest) => Number(json.id.slice(1));
const ascends = (all: number[]) => all.every((n, i) => i === 0 || n > all[i - 1]!);

it('sends 10,000 that failed anew, each once and in order, as the receiver allows, while another channel has its own', async () => {
  const channel = await make(sink.origin, ['custom.failed']);
  await make(other.origin, ['custom.other']);
  await pastFailures(farm.database.url, { channel, type: 'custom.failed', count, printers });
  const given = { since: '2020-01-01T00:00:00Z', outcomes: ['failed'] };
  const { body: replay } = await farm.call('POST', `/v1/channels/${channel}/replay`, given);
  expect(replay).toMatchObject({ total: count, state: 'running' });

  // the other channel's deliveries go on all the while
  const arrived = () => new Set(sink.requests.map(nOf)).size;
  let sent = 0;
  for (let reached = 0; reached < count; sent++) {
    const event = { id: `o${sent}`, type: 'custom.other', title: 'T' };
    expect((await farm.call('POST', '/v1/events', event)).status).toBe(202);
    await until(`the other's ${sent} arrives, after ${reached} of the replay`, 10_000, () => other.requests.length > sent);
    const next = Math.min(reached + 200, count);
    reached = await until(`the replay goes on from ${reached}`, 30_000, () => (arrived() >= next ? arrived() : undefined));
  }
  expect(other.requests.map(nOf)).toEqual(Array.from({ length: sent }, (_, n) => n));
  expect(sent).toBeGreaterThan(10);

  // each once, but for the one that was told to wait; and each under one webhook-id
  const limited = sink.requests[limitedAt - 1]!;
  expect(sink.requests.length).toBe(count + 1);
  expect(sink.requests.filter((one) => nOf(one) === nOf(limited))).toHaveLength(2);
  expect(new Set(sink.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(count);
  const taken = sink.requests.filter((one) => one !== limited);
  for (let printer = 0; printer < printers; printer++) {
    const its = taken.map(nOf).filter((n) => n % printers === printer);
    expect([printer, its.length, ascends(its)]).toEqual([printer, count / printers, true]);
  }
  // while it is to wait, nothing comes but what was under way by then
  const repeated = sink.requests.findLastIndex((one) => nOf(one) === nOf(limited));
  expect(repeated - limitedAt).toBeLessThan(2 * atOnce);

  const done = await until('the replay is done', 15_000, async () => {
    const { body } = await farm.call('GET', `/v1/replays/${replay.id}`);
    return body.state === 'done' && body;
  });
  expect(done).toMatchObject({ total: count, done: count });
}, 120_000);
