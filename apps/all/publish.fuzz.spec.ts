import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { accept, type FarmEvent } from '#contracts';
import { expectFair, fuzz, fuzzFarm, goodEvent, hostileJson, nearlyGood, nested, rareJson } from '#fuzzing';
import { modules } from './modules.js';

const json: [string, string] = ['content-type', 'application/json'];
let farm: Awaited<ReturnType<typeof fuzzFarm>>;
beforeAll(async () => {
  farm = await fuzzFarm(modules);
}, 60_000);
afterAll(() => farm?.stop());

const publish = (body: Uint8Array | string, headers = [json]) => farm.send('POST', '/v1/events', headers, body);

afterEach(async () => {
  const [event] = fc.sample(goodEvent, 1);
  const answer = await publish(JSON.stringify(event));
  expect([answer.status, answer.text]).toEqual([202, expect.stringContaining('"duplicate":false')]);
  expect(await farm.last('EVENTS')).toMatchObject({ id: event!.id, type: event!.type });
});

it('stores what it takes as accept() made it, and nothing of what it refuses', async () => {
  const text = fc.oneof(
    nearlyGood.map((event) => JSON.stringify(event)),
    goodEvent.map((event) => JSON.stringify(event)),
    hostileJson.filter((value) => !Array.isArray(value)).map((value) => JSON.stringify(value)),
    rareJson.map((value) => `{"type":"job.failed","data":{"a":${value}}}`),
  );
  const published = async (sent: string) => {
    const before = await farm.count('EVENTS');
    const answer = await publish(sent);
    expectFair(answer, farm.faults);
    const taken = (await farm.count('EVENTS')) - before;
    expect([answer.text, taken]).toEqual([answer.text, answer.text.includes('"duplicate":false') ? 1 : 0]);
    if (taken === 0) return;
    const { id } = JSON.parse(answer.text) as { id: string };
    const accepted = accept(JSON.parse(sent), { account: 'default', now: new Date(), newId: () => id });
    const made = JSON.parse(JSON.stringify('event' in accepted && accepted.event)) as FarmEvent;
    expect(await farm.last('EVENTS')).toEqual({ ...made, time: expect.any(String) });
  };
  await fc.assert(fc.asyncProperty(text, published), fuzz(80));
}, 600_000);

it('takes or refuses any bytes in any dress', async () => {
  const long = [nested(200_000), '{"a":'.repeat(100_000), '"'.repeat(100_000), ' '.repeat(100_000), '\n'.repeat(2 << 20)];
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    rareJson.map((text) => Buffer.from(text)),
    goodEvent.map((event) => gzipSync(JSON.stringify(event))),
    goodEvent.map((event) => Buffer.from(JSON.stringify(event), 'utf16le')),
    goodEvent.map((event) => Buffer.from(`\ufeff${JSON.stringify(event)}`)),
    fc.constantFrom(...long).map((text) => Buffer.from(text)),
  );
  const plain = 'application/json';
  const types = ['application/cloudevents+json', `${plain}; charset=utf-16`, `${plain};;;`, 'text/plain', 'a/b/c', ';', ''];
  const type = fc.oneof({ weight: 3, arbitrary: fc.constant(plain) }, { weight: 1, arbitrary: fc.constantFrom(...types) });
  const key = fc.string({ unit: 'binary-ascii', maxLength: 300 }).map((text) => text.replace(/[^\x20-\x7e]/g, ''));
  const ce = fc.constantFrom('ce-id', 'ce-type', 'ce-specversion', 'ce-source', 'ce-data', 'ce-__proto__');
  const header = fc.oneof(
    fc.tuple(ce, fc.constantFrom('1.0', '%00', '%zz', 'job.failed')),
    fc.tuple(fc.constantFrom('content-encoding', 'x'), fc.constantFrom('gzip', 'br', 'identity')),
    fc.tuple(fc.constant('idempotency-key'), key),
  );
  const sent = async (body: Uint8Array, contentType: string, headers: [string, string][]) =>
    expectFair(await publish(body, [['content-type', contentType], ...headers]), farm.faults);
  await fc.assert(fc.asyncProperty(bytes, type, fc.array(header, { maxLength: 4 }), sent), fuzz(80));
}, 600_000);

it('answers an array row by row, whatever the rows are', async () => {
  const row = fc.oneof(goodEvent, nearlyGood, hostileJson);
  const answered = async (rows: unknown[]) => {
    const before = await farm.count('EVENTS');
    const answer = await publish(JSON.stringify(rows));
    expectFair(answer, farm.faults);
    const { results } = JSON.parse(answer.text) as { results: object[] };
    expect([answer.status, results.length]).toEqual([202, rows.length]);
    const taken = results.filter((one) => 'duplicate' in one && one.duplicate === false).length;
    expect((await farm.count('EVENTS')) - before).toBe(taken);
  };
  await fc.assert(fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), answered), fuzz(30));
}, 600_000);
