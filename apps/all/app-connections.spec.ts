import { type Answer, type Receiver, receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

let farm: Awaited<ReturnType<typeof testFarm>>;
let sink: Receiver;
let answers: Answer;
const lines: string[] = [];

beforeAll(async () => {
  [farm, sink] = await Promise.all([
    testFarm(modules, { FARMBELL_LOG_LEVEL: 'debug' }, undefined, (line) => lines.push(line)),
    receiver(() => answers),
  ]);
}, 60_000);
beforeEach(() => {
  sink.requests.length = 0;
  answers = { status: 200 };
});
afterAll(async () => {
  await farm?.stop();
  await sink?.close();
});

/** A call of an app: it has its AppToken and nothing else. */
async function app(method: string, name: string, token?: string, body?: object) {
  const answer = await fetch(`${await farm.url()}/api/appconnection/${name}`, {
    method,
    headers: { ...(token && { AppToken: token }), ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}
const set = (token: string, path: string, more: object = {}) =>
  app('POST', 'SetNotificationWebhook', token, { WebhookUrl: sink.origin + path, ...more });

async function connect(printer_id: string): Promise<{ id: string; app_token: string }> {
  const made = await farm.call('POST', '/v1/app-connections', { name: `app of ${printer_id}`, printer_id });
  expect(made.status).toBe(201);
  return made.body;
}
const shown = async (id: string) => {
  const { data } = (await farm.call('GET', '/v1/app-connections')).body;
  return data.find((one: { id: string }) => one.id === id);
};

/** Publishes, and gives what each channel made of it once that is decided. */
async function published(type: string, printer: string): Promise<Record<string, string>> {
  const { body } = await farm.call('POST', '/v1/events', {
    type,
    printer: { id: printer, name: 'X1C' },
    job: { name: 'Benchy' },
  });
  return until('it is decided for every channel', 10_000, async () => {
    const { channels } = (await farm.call('GET', `/v1/events/${body.id}/why`)).body;
    const all: { channel_id: string; decision: string }[] = channels ?? [];
    if (all.length === 0 || all.some(({ decision }) => decision === 'waiting')) return undefined;
    return Object.fromEntries(all.map(({ channel_id, decision }) => [channel_id, decision]));
  });
}
const urls = () => sink.requests.map(({ url }) => url);

it('takes an app through its life: set, notified, tested, set anew, removed', async () => {
  const { id, app_token: token } = await connect('p1');
  expect(await app('GET', 'TestWebhook', token)).toMatchObject({ status: 603, body: { ErrorType: 'OE_NO_WEBHOOK_SET' } });
  expect(await set(token, '/one?tenantId=abc&printerRef=p42')).toEqual({ status: 200, body: { Success: true } });
  const { channel_id, expires_at } = await shown(id);
  expect(Math.abs(Date.parse(expires_at) - Date.now() - 180 * 86_400_000)).toBeLessThan(60_000);
  expect((await farm.call('GET', `/v1/channels/${channel_id}`)).body).toMatchObject({
    name: 'app of p1',
    type: 'webhook',
    enabled: true,
    printers: ['p1'],
    settings: { url: `${sink.origin}/one?tenantId=********&printerRef=********`, format: 'octoeverywhere' },
  });

  expect(await published('job.succeeded', 'p2')).toEqual({ [channel_id]: 'filtered' });
  expect(await published('job.queued', 'p1')).toEqual({ [channel_id]: 'not_selected' });
  expect(await published('job.progress', 'p1')).toEqual({ [channel_id]: 'delivered' });
  expect(await published('job.succeeded', 'p1')).toEqual({ [channel_id]: 'delivered' });
  expect(sink.requests.map(({ method, url, json }) => [method, url, json.EventType, json.PrinterId, json.FileName])).toEqual([
    ['POST', '/one?tenantId=abc&printerRef=p42', 6, 'p1', 'Benchy'],
    ['POST', '/one?tenantId=abc&printerRef=p42', 2, 'p1', 'Benchy'],
  ]);

  // tested whatever the filter, and whatever the receiver answers
  await set(token, '/two', { InclusiveEventTypesFilter: [3] });
  for (const status of [200, 418]) {
    answers = { status };
    expect(await app('GET', 'TestWebhook', token)).toEqual({ status: 200, body: { StatusCode: status } });
  }
  expect(sink.requests.slice(2).map(({ url, json }) => [url, json.EventType])).toEqual([
    ['/two', 16],
    ['/two', 16],
  ]);

  // the new URL and filter count from the answer on
  answers = { status: 200 };
  expect(await published('job.succeeded', 'p1')).toEqual({ [channel_id]: 'not_selected' });
  expect(await published('job.failed', 'p1')).toEqual({ [channel_id]: 'delivered' });
  expect(urls().slice(4)).toEqual(['/two']);
  await set(token, '/three', { AppToken: 'the header goes first', CallbackUrl: 'https://old.example.com/', EventTypes: [] });
  await published('job.failed', 'p1');
  expect(urls().slice(5)).toEqual(['/three']);

  expect(await app('POST', 'DeleteNotificationWebhook', undefined, { AppToken: token })).toEqual({
    status: 200,
    body: { Success: true },
  });
  expect((await farm.call('GET', '/v1/channels')).body.data).toEqual([]);
  expect(await shown(id)).toMatchObject({ channel_id: null, expires_at: null });
  expect((await app('POST', 'DeleteNotificationWebhook', token)).status).toBe(603);
  await farm.call('POST', '/v1/events', { type: 'job.failed', printer: { id: 'p1' } });
  const last = await connect('p1');
  await set(last.app_token, '/last');
  await published('job.failed', 'p1');
  // the event before it would have come first
  expect(urls().slice(6)).toEqual(['/last']);
  await farm.call('DELETE', `/v1/app-connections/${last.id}`);
}, 60_000);

it('answers 0 where the receiver does not', async () => {
  const { app_token: token } = await connect('p1');
  const closed = await receiver();
  await app('POST', 'SetNotificationWebhook', token, { WebhookUrl: `${closed.origin}/` });
  await closed.close();
  expect(await app('GET', 'TestWebhook', token)).toEqual({ status: 200, body: { StatusCode: 0 } });
});

it('enables a channel that people disabled, and has none when they deleted it', async () => {
  const { id, app_token: token } = await connect('p5');
  await set(token, '/a');
  const { channel_id } = await shown(id);
  expect((await farm.call('POST', `/v1/channels/${channel_id}/disable`)).body.enabled).toBe(false);
  await set(token, '/b');
  expect((await farm.call('GET', `/v1/channels/${channel_id}`)).body.enabled).toBe(true);
  expect((await farm.call('DELETE', `/v1/channels/${channel_id}`)).status).toBe(204);
  expect((await app('GET', 'TestWebhook', token)).status).toBe(603);
  expect(await shown(id)).toMatchObject({ channel_id: null, expires_at: null });
  expect((await set(token, '/c')).status).toBe(200);
  expect((await shown(id)).channel_id).not.toBe(channel_id);
});

it('is over with its connection, and its token is then no one’s', async () => {
  const { id, app_token: token } = await connect('p6');
  await set(token, '/gone');
  const { channel_id } = await shown(id);
  expect((await farm.call('DELETE', `/v1/app-connections/${id}`)).status).toBe(204);
  expect((await farm.call('GET', `/v1/channels/${channel_id}`)).status).toBe(404);
  expect(await set(token, '/again')).toMatchObject({ status: 606, body: { ErrorType: 'OE_INVALID_APP_TOKEN' } });
  expect((await farm.call('DELETE', `/v1/app-connections/${id}`)).status).toBe(404);
});

it('is stopped by the plan hobby, and goes on as it was with commercial', async () => {
  const at = { 'farmbell-account': 'shop' };
  await farm.call('POST', '/v1/accounts', { id: 'shop', plan: 'commercial' });
  const { app_token: token } = (await farm.call('POST', '/v1/app-connections', { name: 'x', printer_id: 'p1' }, at)).body;
  await set(token, '/shop');
  await farm.call('PATCH', '/v1/accounts/shop', { plan: 'hobby' });
  expect((await app('GET', 'TestWebhook', token)).status).toBe(605);
  expect((await set(token, '/shop')).status).toBe(605);
  expect((await farm.call('POST', '/v1/app-connections', { name: 'y', printer_id: 'p1' }, at)).status).toBe(403);
  await farm.call('PATCH', '/v1/accounts/shop', { plan: 'commercial' });
  expect(await app('GET', 'TestWebhook', token)).toEqual({ status: 200, body: { StatusCode: 200 } });
});

it('names what is wrong with a URL as the app knows it', async () => {
  const { app_token: token } = await connect('p7');
  const { status, body } = await app('POST', 'SetNotificationWebhook', token, { WebhookUrl: 'ftp://example.org/' });
  expect([status, body]).toEqual([
    400,
    { ErrorType: 'OE_BAD_ARGS', ErrorDetails: expect.stringMatching(/^WebhookUrl begins with ftp:/) },
  ]);
});

it('says nothing of a token in its log', async () => {
  const { app_token: token } = await connect('p8');
  await set(token, '/secret?callbackToken=very-secret');
  await app('GET', 'TestWebhook', token);
  expect(lines.join('')).not.toMatch(/very-secret/);
  expect(lines.join('')).not.toContain(token);
});
