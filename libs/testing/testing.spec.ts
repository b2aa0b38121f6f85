import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { natsTarget } from '#servers';
import { type Receiver, receiver, testDatabase, testNats, until } from './index.js';

describe('testDatabase', () => {
  it('gives each spec an empty database and drops it while somebody is connected', async () => {
    const [one, other] = await Promise.all([testDatabase(), testDatabase()]);
    const client = new pg.Client(one.url);
    client.on('error', () => undefined);
    await client.connect();
    await client.query('create table t (n int)');
    const second = new pg.Client(other.url);
    await second.connect();
    expect((await second.query("select to_regclass('t') as t")).rows).toEqual([{ t: null }]);
    await second.end();
    await Promise.all([one.drop(), other.drop()]);
    await expect(new pg.Client(one.url).connect()).rejects.toThrow(/does not exist/);
    await client.end().catch(() => undefined);
  });
});

describe('testNats', () => {
  it('comes back on the same port after a kill', async () => {
    const nats = await testNats();
    await nats.kill();
    await expect(connect({ ...natsTarget(nats.url), reconnect: false })).rejects.toThrow();
    await nats.start();
    await (await connect(natsTarget(nats.url))).close();
    await nats.stop();
  });
});

describe('receiver', () => {
  let hook: Receiver | undefined;
  afterEach(() => hook?.close());

  it('records what it gets and answers as told', async () => {
    hook = await receiver((request) =>
      request.url === '/busy' ? { status: 429, headers: { 'retry-after': '2' }, body: { slow: true } } : undefined,
    );
    const post = (path: string, body: string) => fetch(`${hook!.origin}${path}`, { method: 'POST', body });
    expect((await post('/a', '{"n":1}')).status).toBe(204);
    const busy = await post('/busy', 'no json');
    expect([busy.status, busy.headers.get('retry-after'), await busy.json()]).toEqual([429, '2', { slow: true }]);
    expect(hook.requests.map(({ method, url, json }) => [method, url, json])).toEqual([
      ['POST', '/a', { n: 1 }],
      ['POST', '/busy', undefined],
    ]);
    expect(hook.requests[1]?.body.toString()).toBe('no json');
  });

  it('hands out each request once, those that came before the question too', async () => {
    hook = await receiver();
    const post = (n: number) => fetch(hook!.origin, { method: 'POST', body: JSON.stringify({ n }) });
    await post(1);
    const second = hook.next((request) => request.json.n === 2);
    await post(2);
    expect((await second).json).toEqual({ n: 2 });
    expect((await hook.next()).json).toEqual({ n: 1 });
    await expect(hook.next(() => true, 30)).rejects.toThrow(/No matching request within 30 ms; 2 arrived/);
  });

  it('closes while an answer is being waited for', async () => {
    hook = await receiver(() => ({ delayMs: 60_000 }));
    const answer = fetch(hook.origin).then(
      () => 'answered',
      () => 'cut',
    );
    await hook.next();
    await hook.close();
    expect(await answer).toBe('cut');
  });
});

describe('until', () => {
  it('answers the first truthy value', async () => {
    let n = 0;
    expect(await until('three', 1_000, () => (++n >= 3 ? n : undefined))).toBe(3);
  });

  it('names what it waited for and the last failure', async () => {
    await expect(until('the sun', 30, () => 0)).rejects.toThrow(/until the sun; last: 0/);
    const failing = () => {
      throw new Error('night');
    };
    await expect(until('the sun', 30, failing)).rejects.toThrow(/until the sun; last: Error: night/);
  });
});
