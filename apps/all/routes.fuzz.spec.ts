import fc from 'fast-check';
import { expectFair, fuzz, fuzzFarm, fuzzToken, hostileJson, hostileText, rareJson } from '#fuzzing';
import { type RawAnswer, type Receiver, rawHttp, rawRequest, receiver, until } from '#testing';
import { controllers } from '../gateway/index.js';
import { routesOf } from '../gateway/routes/route.js';
import { modules } from './modules.js';

let farm: Awaited<ReturnType<typeof fuzzFarm>>;
let discord: Receiver;
let appToken: string;
beforeAll(async () => {
  discord = await receiver();
  farm = await fuzzFarm(modules, { FARMBELL_DISCORD_ORIGIN: discord.origin });
  const connection = JSON.stringify({ name: 'fuzz', printer_id: 'p1' });
  const made = await farm.send('POST', '/v1/app-connections', [['content-type', 'application/json']], connection);
  appToken = JSON.parse(made.text).app_token;
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await discord?.close();
});
afterEach(async () => {
  const answer = await farm.send('POST', '/v1/events', [['content-type', 'application/json']], '{"type":"job.failed"}');
  expect([answer.status, answer.text]).toEqual([202, expect.stringContaining('"duplicate":false')]);
});

const routes = routesOf(controllers);
const named = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));
const moments = [
  '2026-01-01T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  '0000-01-01T00:00:00+23:59',
  'Jan 1 2020 (x)',
  '1',
  '-1',
  'infinity',
  '99999-01-01',
];
const cursorOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const encoded = (text: string) => encodeURIComponent(text.toWellFormed());

const segment = fc.oneof(
  hostileText.map(encoded),
  fc.constantFrom('default', '%', '%zz', '%ED%A0%80', '..', '%2e%2e%2f', '%00', 'a'.repeat(301), 'a'.repeat(20_000)),
);
const value = fc.oneof(
  segment,
  fc.constantFrom(...moments, '-1', '0', '501', '1e3', '٣', '9'.repeat(400)).map(encoded),
  fc.tuple(fc.constantFrom(...moments), hostileText).map(cursorOf),
  hostileJson.map(cursorOf),
);
const name = fc.constantFrom(
  'limit',
  'cursor',
  'type',
  'printer',
  'organization',
  'since',
  'until',
  'outcome',
  '__proto__',
  'limit[]',
  '',
);
const query = fc.array(fc.tuple(name, value), { maxLength: 3 }).map((pairs) => pairs.map((pair) => pair.join('=')).join('&'));
const some = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { requiredKeys: [] });
const body = fc.oneof(
  hostileJson.map((any) => JSON.stringify(any)),
  rareJson,
  fc
    .oneof(
      fc.record({
        name: hostileText,
        type: fc.constantFrom('webhook', 'discord'),
        settings: fc.oneof(hostileJson, some({ url: fc.oneof(fc.webUrl(), hostileText), headers: hostileJson })),
      }),
      some({ name: hostileText, settings: hostileJson, events: hostileJson, tags: hostileJson }),
      some({
        name: hostileText,
        scopes: fc.oneof(fc.constant(['read']), hostileJson),
        expires_at: fc.oneof(fc.constantFrom(...moments), hostileJson),
      }),
      some({ id: fc.oneof(fc.uuid(), hostileText), name: hostileText, plan: fc.constantFrom('hobby', 'x') }),
      some({ id: hostileText, name: hostileText, tags: hostileJson, location: hostileText, organization: hostileText }),
      some({
        AppToken: hostileJson,
        WebhookUrl: fc.oneof(fc.constant('http://127.0.0.1:9/'), hostileText, hostileJson),
        InclusiveEventTypesFilter: fc.oneof(fc.array(fc.integer({ min: -1, max: 18 })), hostileJson),
        CallbackUrl: hostileJson,
        EventTypes: hostileJson,
      }),
      some({
        enabled: fc.oneof(fc.boolean(), hostileJson),
        start: fc.oneof(fc.constantFrom('22:00', '24:00', '02:30'), hostileText),
        end: fc.constantFrom('07:00', '22:00', '02:30'),
        timezone: fc.oneof(fc.constantFrom('UTC', 'Europe/Berlin', 'PST', '+01:00', 'europe/berlin'), hostileText),
        days: fc.oneof(fc.constant(['mon']), hostileJson),
        allow_severity: fc.oneof(fc.constant(null), hostileText),
      }),
    )
    .map((shaped) => JSON.stringify(shaped)),
);
const latin = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 60 });
const mostly = <T>(usual: T, rare: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: rare });
const headers = fc.record({
  authorization: mostly(`Bearer ${fuzzToken}`, latin),
  account: mostly(undefined, latin),
  key: mostly(undefined, latin),
  app: mostly(undefined, latin),
  last: mostly(undefined, fc.oneof(latin, fc.stringMatching(/^\d{1,15}-[a-z0-9]{1,12}\.\d{1,15}-[a-z0-9]{1,12}$/))),
});

/** As OctoEverywhere tells faults. */
function expectFairToApps({ status, text, headers }: RawAnswer): void {
  expect([text, [200, 400, 429, 603, 606].includes(status), farm.faults]).toEqual([text, true, []]);
  expect([headers['content-type'], text.includes(appToken)]).toEqual(['application/json; charset=utf-8', false]);
  if (status === 200) return;
  const told = { ErrorType: expect.stringMatching(/^OE_[A-Z_]+$/), ErrorDetails: expect.stringMatching(/\S{2}/) };
  expect([text.length < 100_000, JSON.parse(text)]).toEqual([true, told]);
}

it('answers any parameters, query, headers and body without a fault of its own', async () => {
  const called = async (
    route: string,
    part: string,
    asked: string,
    sent: string,
    given: { authorization: string; account?: string; key?: string; app?: string; last?: string },
  ) => {
    const { method, path } = named.get(route)!;
    const bodiless = method === 'GET' || method === 'DELETE';
    const ofApps = path.startsWith('/api/appconnection/');
    const all: [string, string][] = [['authorization', given.authorization]];
    if (ofApps) all.push(['apptoken', given.app ?? appToken]);
    if (given.last !== undefined) all.push(['last-event-id', given.last]);
    if (!bodiless) all.push(['content-type', 'application/json']);
    if (given.account !== undefined) all.push(['farmbell-account', given.account]);
    if (given.key !== undefined) all.push(['idempotency-key', given.key]);
    const target = `${path.replace(/\{\w+\}/g, part)}${asked && `?${asked}`}`;
    const request = rawRequest(method, target, all, Buffer.from(bodiless ? '' : sent));
    // a stream has no end of its own: it is left when all that was missed is told
    const answer = await rawHttp(farm.port, request, (text) => text.includes('\n: live\n'));
    // what Node.js cannot read as HTTP reaches no route
    if (ofApps && !/"title":"(Bad Request|Request Header Fields Too Large)"/.test(answer.text)) expectFairToApps(answer);
    else expectFair(answer, farm.faults);
  };
  await fc.assert(fc.asyncProperty(fc.constantFrom(...named.keys()), segment, query, body, headers, called), fuzz(200));
}, 600_000);

it.each(
  [...named.values()]
    .filter(({ method, query: asks, access }) => method === 'GET' && asks && access !== 'none')
    .map(({ path }) => path),
)(
  'GET %s refuses a cursor that is none',
  async (path) => {
    for (const at of moments)
      for (const id of ['x', 'a\0', '\ud83d', 5])
        expectFair(await farm.send('GET', `${path}?cursor=${cursorOf([at, id])}`), farm.faults);
  },
  60_000,
);

it('survives what is no HTTP', async () => {
  const post = 'POST /v1/events HTTP/1.1\r\nhost: x\r\n';
  const first = fc.constantFrom('GET / HTTP/1.1\r\n', post, 'PRI * HTTP/2.0\r\n\r\n', 'GET /%zz HTTP/1.1\r\nhost: x\r\n', '');
  const more = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom(
      'content-length: -1\r\n\r\n',
      'content-length: 1\r\ncontent-length: 2\r\n\r\nab',
      'transfer-encoding: gzip\r\n\r\n',
    ),
    fc.constantFrom('transfer-encoding: chunked\r\n\r\nzz\r\n', `x: ${'a'.repeat(20_000)}\r\n\r\n`, 'x: \0\r\n\r\n'),
  );
  const sent = async (start: string, rest: string) => {
    const answer = await rawHttp(farm.port, `${start}connection: close\r\n${rest}\r\n\r\n\r\n`);
    expect([answer.text, answer.status === 0 || (answer.status >= 400 && answer.status < 500)]).toEqual([answer.text, true]);
    // Node itself refuses a request without a host, with nothing more to say
    if (answer.text !== '') expectFair(answer);
  };
  await fc.assert(fc.asyncProperty(first, more, sent), fuzz(40));
}, 600_000);

it('answers lists of the largest events that are taken', async () => {
  const event = { type: 'job.failed', message: '🖨'.repeat(6000), data: { a: 'x'.repeat(30_000) } };
  const rows = JSON.stringify(Array.from({ length: 80 }, () => event));
  for (let n = 0; n < 2; n++)
    expect((await farm.send('POST', '/v1/events', [['content-type', 'application/json']], rows)).status).toBe(202);
  const read = async (path: string) => {
    const answer = await farm.send('GET', path);
    expectFair(answer, farm.faults);
    return JSON.parse(answer.text) as { data: { data?: object }[]; next_cursor: string | null };
  };
  const large = async () => {
    let found = 0;
    for (let path = '/v1/events?limit=500'; ; ) {
      const { data, next_cursor } = await read(path);
      found += data.filter((one) => one.data).length;
      if (next_cursor === null) return found;
      path = `/v1/events?limit=500&cursor=${next_cursor}`;
    }
  };
  await until('all of them are in the list', 30_000, async () => (await large()) === 160);
}, 120_000);
