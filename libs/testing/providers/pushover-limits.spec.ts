import { connect } from 'node:net';
import { Agent, request } from 'undici';
import { until } from '../until.js';
import { type PushoverOptions, type PushoverProvider, pushoverProvider } from './pushover.js';

let pushover: PushoverProvider;
let keys: { token: string; user: string };
let now = 0;
let agent: Agent;
beforeEach(() => {
  now = Date.parse('2026-03-31T12:00:00Z');
  agent = new Agent({ connections: 1 });
});
afterEach(async () => {
  await agent.destroy();
  await pushover?.close();
});

const start = async (options: PushoverOptions = {}, month?: number) => {
  pushover = await pushoverProvider({ now: () => now, ...options });
  keys = { token: pushover.appToken({ month }), user: pushover.userKey() };
};
async function call(method: 'GET' | 'POST', path: string, fields?: object) {
  const answer = await request(`${pushover.origin}/1/${path}`, {
    method,
    ...(fields && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(fields) }),
    dispatcher: agent,
  });
  const reply = await answer.body.text();
  // biome-ignore lint/suspicious/noExplicitAny: whatever came back
  const read = (reply.startsWith('{') ? JSON.parse(reply) : reply) as any;
  return { status: answer.statusCode, headers: answer.headers, reply: read };
}
const push = (fields: object = {}) => call('POST', 'messages.json', { ...keys, message: 'a', ...fields });
const emergency = async (fields: object = {}) =>
  (await push({ priority: 2, retry: 60, expire: 600, ...fields })).reply.receipt as string;
const look = (receipt: string, token = keys.token) => call('GET', `receipts/${receipt}.json?token=${token}`);

describe('the month of an application at the local Pushover', () => {
  it('is counted down, by each member of a group, and begins anew on the 1st at midnight in Chicago', async () => {
    await start({}, 4);
    const reset = Date.parse('2026-04-01T05:00:00Z') / 1000;
    const limits = { 'x-limit-app-limit': '4', 'x-limit-app-reset': String(reset) };
    expect((await push()).headers).toMatchObject({ ...limits, 'x-limit-app-remaining': '3' });
    expect((await push({ user: pushover.userKey({ members: 3 }) })).headers).toMatchObject({
      ...limits,
      'x-limit-app-remaining': '0',
    });
    expect(await push()).toMatchObject({
      status: 429,
      headers: { ...limits, 'x-limit-app-remaining': '0' },
      reply: { status: 0, token: 'invalid', errors: ['application has exceeded current limit of 4 messages'] },
    });
    expect((await call('GET', `apps/limits.json?token=${keys.token}`)).reply).toMatchObject({ limit: 4, remaining: 0, reset });
    expect((await push({ token: pushover.appToken() })).status).toBe(200);
    now = reset * 1000;
    const anew = await push();
    expect([anew.status, anew.headers['x-limit-app-remaining']]).toEqual([200, '3']);
    // without daylight saving it is an hour later
    expect(anew.headers['x-limit-app-reset']).toBe(String(Date.parse('2026-05-01T05:00:00Z') / 1000));
    now = Date.parse('2026-12-31T12:00:00Z');
    expect((await push()).headers['x-limit-app-reset']).toBe(String(Date.parse('2027-01-01T06:00:00Z') / 1000));
  });

  it('is not eaten by what is refused', async () => {
    await start({}, 2);
    expect((await push({ message: '' })).headers['x-limit-app-remaining']).toBe('2');
  });
});

describe('an address at the local Pushover', () => {
  it('has two connections, and a third is closed unheard', async () => {
    await start();
    const port = Number(new URL(pushover.origin).port);
    const sockets = [1, 2, 3].map(() => connect(port, '127.0.0.1').on('error', () => {}));
    await until('one is refused', 5_000, () => pushover.connections.refused() === 1);
    expect(pushover.connections.open()).toBe(2);
    for (const socket of sockets) socket.destroy();
    await until('they are closed', 5_000, () => pushover.connections.open() === 0);
    expect((await push()).status).toBe(200);
  });

  it('is blocked after many refused requests within minutes, and longer the next time', async () => {
    await start({ limits: { badRequests: 3 } });
    const bad = () => push({ message: '' });
    const spoil = async () => {
      for (let n = 0; n < 3; n += 1) expect((await bad()).status).toBe(400);
    };
    await bad();
    await bad();
    now += 6 * 60_000;
    await spoil();
    expect(await push()).toMatchObject({ status: 403, reply: expect.stringMatching(/^<html>/) });
    now += 15 * 60_000;
    expect((await push()).status).toBe(200);
    await spoil();
    now += 15 * 60_000;
    expect((await push()).status).toBe(403);
    now += 15 * 60_000;
    expect((await push()).status).toBe(200);
  });
});

describe('emergencies at the local Pushover', () => {
  it('are acknowledged once, by somebody on a device', async () => {
    await start();
    const receipt = await emergency();
    expect((await look(receipt)).reply).toMatchObject({ status: 1, acknowledged: 0, acknowledged_at: 0, expired: 0 });
    now += 150_000;
    pushover.acknowledge(receipt, 'iphone');
    expect((await look(receipt)).reply).toMatchObject({
      acknowledged: 1,
      acknowledged_at: now / 1000,
      acknowledged_by: keys.user,
      acknowledged_by_device: 'iphone',
      last_delivered_at: now / 1000 - 30,
    });
    now += 300_000;
    expect(pushover.shown(receipt)).toBe(3);
    expect(() => pushover.acknowledge(receipt, 'iphone')).toThrow(/is over/);
    expect(() => pushover.acknowledge('r'.repeat(30), 'iphone')).toThrow(/no emergency/);
  });

  it('are repeated 50 times at most, whatever expire says', async () => {
    await start();
    const receipt = await emergency({ retry: 30, expire: 10_800 });
    expect((await look(receipt)).reply.expires_at).toBe(now / 1000 + 1500);
    now += 10_000_000;
    expect([pushover.shown(receipt), (await look(receipt)).reply.expired]).toEqual([51, 1]);
  });

  it('are cancelled one by one, or by tag, by their own application', async () => {
    await start();
    const [one, tagged, other] = [await emergency(), await emergency({ tags: 'x,a b' }), await emergency({ tags: 'x' })];
    const stranger = pushover.appToken();
    expect((await call('POST', `receipts/${one}/cancel.json`, { token: stranger })).status).toBe(404);
    expect((await call('POST', `receipts/${one}/cancel.json`, { token: keys.token })).reply).toMatchObject({ status: 1 });
    const byTag = async (tag: string, token = keys.token) =>
      (await call('POST', `receipts/cancel_by_tag/${encodeURIComponent(tag)}.json`, { token })).reply.canceled;
    expect([await byTag('x', stranger), await byTag('a b'), await byTag('x')]).toEqual([0, 1, 1]);
    now += 1000;
    for (const receipt of [one, tagged, other])
      expect((await look(receipt)).reply).toMatchObject({ acknowledged: 0, expired: 1 });
  });

  it('are told to their own application, a week long, every 5 s', async () => {
    await start();
    const receipt = await emergency();
    expect(await look(receipt, pushover.appToken())).toMatchObject({
      status: 404,
      reply: { receipt: 'not found', errors: ['receipt not found; may be invalid or expired'] },
    });
    expect((await look(receipt)).status).toBe(200);
    now += 4_999;
    expect((await look(receipt)).status).toBe(429);
    now += 5_000;
    expect((await look(receipt)).status).toBe(200);
    now += 7 * 86_400_000;
    expect((await look(receipt)).status).toBe(404);
  });
});
