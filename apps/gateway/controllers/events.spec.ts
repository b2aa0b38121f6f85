import type { FarmEvent } from '#contracts';
import { testDatabase, testNats } from '#testing';
import { Harness } from '../harness.js';

let database: Awaited<ReturnType<typeof testDatabase>>;
let nats: Awaited<ReturnType<typeof testNats>>;
let farm: Harness;

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), testNats()]);
  farm = await Harness.start({ databaseUrl: database.url, natsUrl: nats.url });
  await farm.owner('journal.event.known', () => []);
});
afterAll(async () => {
  await farm?.stop();
  await nats?.stop();
  await database?.drop();
});

const started = { type: 'job.started', job: { id: '7', name: 'Benchy' }, printer: { id: 'p1', name: 'X1C' } };
const custom = { type: 'custom.note', title: 'Note' };
const deep = (n: number) => '['.repeat(n) + ']'.repeat(n);
const last = async (): Promise<FarmEvent> => {
  const { state } = await farm.bus.jsm.streams.info('EVENTS');
  return (await farm.bus.jsm.streams.getMessage('EVENTS', { seq: state.last_seq }))!.json<FarmEvent>();
};

describe('publishing', () => {
  it('stores one event and answers its id; a repeated id is a duplicate and the first body wins', async () => {
    const before = await farm.stored();
    const first = await farm.post('/v1/events', { body: { ...started, id: 'e1' } });
    expect([first.status, first.body]).toEqual([202, { id: 'e1', duplicate: false }]);
    const again = await farm.post('/v1/events', { body: { ...started, id: 'e1', severity: 'error' } });
    expect([again.status, again.body]).toEqual([202, { id: 'e1', duplicate: true }]);
    expect(await farm.stored()).toBe(before + 1);
    expect(await last()).toMatchObject({ id: 'e1', account: 'default', severity: 'info', title: 'Print Started: Benchy (X1C)' });
  });

  it('answers duplicate for an id that only the store knows', async () => {
    await farm.owner('journal.event.known', ({ ids }) => ids.filter((id) => id === 'old'));
    const before = await farm.stored();
    const { body } = await farm.post('/v1/events', { body: { ...started, id: 'old' } });
    expect([body, await farm.stored()]).toEqual([{ id: 'old', duplicate: true }, before]);
  });

  it('answers an array row by row, in order', async () => {
    const before = await farm.stored();
    const { status, body } = await farm.post('/v1/events', {
      body: [{ ...custom, id: 'r1' }, { type: 'nope' }, 5, { ...custom, id: 'r1' }, custom],
    });
    expect(status).toBe(202);
    expect(body.results).toEqual([
      { id: 'r1', duplicate: false },
      { errors: [{ path: 'type', message: expect.stringContaining('catalogue') }] },
      { errors: [{ path: '', message: expect.stringContaining('JSON object') }] },
      { id: 'r1', duplicate: true },
      { id: expect.stringMatching(/^[0-9a-f-]{36}$/), duplicate: false },
    ]);
    expect(await farm.stored()).toBe(before + 2);
  });

  it('takes 1,000 rows at once', async () => {
    const before = await farm.stored();
    const { body } = await farm.post('/v1/events', { body: Array.from({ length: 1000 }, () => custom) });
    expect(body.results.filter((row: { duplicate?: boolean }) => row.duplicate === false)).toHaveLength(1000);
    expect(await farm.stored()).toBe(before + 1000);
  });

  it('makes the id from the Idempotency-Key, and answers a repeat as the first', async () => {
    const send = (body: unknown, key = 'k-1') => farm.post('/v1/events', { body, headers: { 'idempotency-key': key } });
    const before = await farm.stored();
    const first = await send(custom);
    const again = await send(custom);
    expect([again.status, again.body, again.headers.get('idempotency-replayed')]).toEqual([202, first.body, 'true']);
    const other = await send({ ...custom, title: 'Other' });
    expect([other.status, other.body.errors[0].path]).toEqual([422, 'Idempotency-Key']);
    const rows = await send([custom, custom], 'k-2');
    expect(new Set([first.body.id, ...rows.body.results.map((row: { id: string }) => row.id)]).size).toBe(3);
    expect(await farm.stored()).toBe(before + 3);
    // a refused request is not kept: mended, it may use the key again
    expect((await send({ type: 'custom.note' }, 'k-3')).status).toBe(422);
    expect((await send(custom, 'k-3')).status).toBe(202);
    expect((await send(custom, 'a b')).status).toBe(422);
  });

  it('does a request once when it comes ten times at the same time', async () => {
    const before = await farm.stored();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => farm.post('/v1/events', { body: custom, headers: { 'idempotency-key': 'at-once' } })),
    );
    const kinds = new Set(answers.map(({ status }) => status));
    expect([...kinds].every((status) => status === 202 || status === 409)).toBe(true);
    expect(
      answers
        .filter(({ status }) => status === 409)
        .every(({ headers, body }) => headers.get('retry-after') === '1' && /repeat/.test(body.detail)),
    ).toBe(true);
    expect(await farm.stored()).toBe(before + 1);
  });
});

describe('CloudEvents', () => {
  const cloud = {
    specversion: '1.0',
    id: 'c1',
    source: '/x',
    type: 'job.started',
    time: '2026-03-01T12:00:00Z',
    data: { job: { name: 'Benchy' } },
  };

  it('takes the structured and the binary mode', async () => {
    const structured = await farm.post('/v1/events', { body: cloud, type: 'application/cloudevents+json; charset=utf-8' });
    expect([structured.status, structured.body]).toEqual([202, { id: 'c1', duplicate: false }]);
    expect(await last()).toMatchObject({ id: 'c1', time: '2026-03-01T12:00:00.000Z', job: { name: 'Benchy' } });
    const headers = { 'ce-specversion': '1.0', 'ce-id': 'c2', 'ce-source': '/x', 'ce-type': 'job.started' };
    const binary = await farm.post('/v1/events', { body: { job: { name: 'Vase' } }, headers });
    expect([binary.status, binary.body]).toEqual([202, { id: 'c2', duplicate: false }]);
    expect(await last()).toMatchObject({ id: 'c2', job: { name: 'Vase' } });
    const bare = await farm.post('/v1/events', { headers: { ...headers, 'ce-id': 'c3' } });
    expect([bare.status, bare.body]).toEqual([202, { id: 'c3', duplicate: false }]);
  });

  it.each([
    ['a fault in its data', { ...cloud, data: { job: { progress: 200 } } }, 'data.job.progress'],
    ['no id', { ...cloud, id: undefined }, 'id'],
    ['another version', { ...cloud, specversion: '0.3' }, 'specversion'],
    ['an unknown type', { ...cloud, type: 'nope' }, 'type'],
    ['an array', [cloud], ''],
  ])('refuses %s', async (_, body, path) => {
    const { status, body: problem } = await farm.post('/v1/events', { body, type: 'application/cloudevents+json' });
    expect([status, problem.errors?.[0].path]).toEqual([422, path]);
  });
});

describe('bad input stores nothing', () => {
  const event = (more: object) => JSON.stringify({ ...custom, ...more });
  // [what, body, status, path of the first fault]
  const table: [string, string | Buffer, number, string | undefined][] = [
    ['no JSON', 'hello', 400, undefined],
    ['half a JSON', '{"type": "job.started"', 400, undefined],
    ['an empty body', '', 400, undefined],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, undefined],
    ['a text', '"hello"', 422, ''],
    ['null', 'null', 422, ''],
    ['an empty array', '[]', 422, ''],
    ['1,001 rows', JSON.stringify(Array(1001).fill(custom)), 422, ''],
    ['no type', '{}', 422, 'type'],
    ['an unknown type', '{"type": "job.exploded"}', 422, 'type'],
    ["Farmbell's own type", '{"type": "channel.test"}', 422, 'type'],
    ['custom.* without a title', '{"type": "custom.x"}', 422, 'title'],
    ['a wrong type', event({ title: 5 }), 422, 'title'],
    ['a wrong type inside', event({ job: { progress: 'half' } }), 422, 'job.progress'],
    ['progress over 100', event({ job: { progress: 101 } }), 422, 'job.progress'],
    ['an unknown key', event({ colour: 'red' }), 422, 'colour'],
    ['an unknown key inside', event({ printer: { id: 'p', speed: 3 } }), 422, 'printer.speed'],
    ['an id of 65 characters', event({ id: 'x'.repeat(65) }), 422, 'id'],
    ['the year 9999', event({ time: '9999-12-31T23:59:59Z' }), 422, 'time'],
    ['no real time', event({ time: 'yesterday' }), 422, 'time'],
    ['another account', event({ account: 'other' }), 422, 'account'],
    ['a title of 501 characters', event({ title: '🔔'.repeat(501) }), 422, 'title'],
    ['a null character', event({ title: 'a\0' }), 422, 'title'],
    ['a lone surrogate', event({ title: '\ud800' }), 422, 'title'],
    ['65 KiB', event({ message: '🔔'.repeat(8000), data: { a: 'x'.repeat(32_000) }, job: { file: '🔔'.repeat(1000) } }), 422, ''],
    ['data of 33 KiB', event({ data: { a: 'x'.repeat(33 * 1024) } }), 422, 'data'],
    [
      'data 100,000 deep',
      `{"type": "custom.x", "title": "x", "data": {"a": ${deep(100_000)}}}`,
      422,
      expect.stringMatching(/^data\.a\[0\]/) as never,
    ],
    ['a job 100,000 deep', `{"type": "custom.x", "title": "x", "job": ${deep(100_000)}}`, 422, 'job'],
    ['objects 100,000 deep', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 422, 'type'],
    ['__proto__', '{"type": "custom.x", "title": "x", "__proto__": {"id": "y"}}', 422, '__proto__'],
    ['constructor', '{"type": "custom.x", "title": "x", "constructor": {"prototype": {}}}', 422, 'constructor'],
    ['a picture that is none', event({ snapshot: { content_type: 'image/png', base64: 'AAAA' } }), 422, 'snapshot.base64'],
  ];

  it.each(table)('%s', async (_, raw, status, path) => {
    const before = await farm.stored();
    const answer = await farm.post('/v1/events', { raw });
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect([answer.status, answer.body.status, answer.body.errors?.[0].path]).toEqual([status, status, path]);
    expect(await farm.stored()).toBe(before);
  });

  it('says where a body stops being JSON, and quotes nothing of it', async () => {
    const { body, text } = await farm.post('/v1/events', { raw: '{"title": "s3cret",\n "type" "x"}' });
    expect(body.detail).toBe("The body is not JSON: at position 28 (line 2, column 9) expected ':', found something else");
    expect(text).not.toContain('s3cret');
  });

  it.each([
    ['text/plain', 415],
    ['application/xml', 415],
    ['application/cloudevents-batch+json', 415],
    ['multipart/form-data; boundary=x', 415],
    ['not a type at all', 415],
  ])('content type %s', async (type, status) => {
    const before = await farm.stored();
    const answer = await farm.post('/v1/events', { body: custom, type });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      status,
      expect.stringContaining('application/problem+json'),
    ]);
    expect(answer.body.detail).toContain('application/json');
    expect(await farm.stored()).toBe(before);
  });

  it('a body over 8 MiB', async () => {
    const answer = await farm.post('/v1/events', { raw: `[${JSON.stringify('x'.repeat(8 * 1024 * 1024))}]` });
    expect([answer.status, answer.body.title]).toEqual([413, 'Content too large']);
  });
});
