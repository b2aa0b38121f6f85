import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { receiver, until } from '#testing';

const main = new URL('./main.js', import.meta.url).pathname;
const running: ChildProcess[] = [];
const dirs: string[] = [];
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

const dataDir = () => {
  const dir = join(mkdtempSync(join(tmpdir(), 'farmbell-start-')), 'data');
  dirs.push(dir);
  return dir;
};

/** What `npm start` runs, in a process of its own. */
function launch(dir: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      FARMBELL_DATA_DIR: dir,
      FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true',
      FARMBELL_EGRESS_ALLOW: '127.0.0.0/8',
      ...env,
    },
  });
  running.push(child);
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { child, output: () => output, ended };
}

async function ready(dir: string) {
  const farm = launch(dir);
  const url = await until('the start', 30_000, () => {
    if (farm.child.exitCode !== null) throw new Error(farm.output());
    return /Farmbell is ready: (\S+)/.exec(farm.output())?.[1];
  });
  const token = readFileSync(join(dir, 'admin-token'), 'utf8').trim();
  const call = async (method: string, path: string, body?: object) => {
    const answer = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
    });
    expect(answer.status).toBeLessThan(300);
    // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
    return (await answer.json()) as any;
  };
  return { ...farm, url, token, call };
}

/** The servers that the data dir remembers and that still run. */
function serversOf(dir: string): number[] {
  return ['nats.pid', 'postgres.pid'].flatMap((file) => {
    try {
      const { pid } = JSON.parse(readFileSync(join(dir, file), 'utf8')) as { pid: number };
      process.kill(pid, 0);
      return [pid];
    } catch {
      return []; // no such file or process: it is gone
    }
  });
}

it('keeps accepted work over a stop, leaves no server behind, and goes on at the next start', async () => {
  const dir = dataDir();
  let open = false;
  const sink = await receiver(() => (open ? { status: 204 } : { status: 503, headers: { 'retry-after': '1' } }));
  const first = await ready(dir);
  expect(first.output()).not.toContain(first.token);
  expect(serversOf(dir)).toHaveLength(2);
  await first.call('POST', '/v1/channels', { name: 'sink', type: 'webhook', settings: { url: sink.origin } });
  await first.call('POST', '/v1/events', { id: 'kept', type: 'job.failed' });
  await sink.next(undefined, 10_000);

  const second = launch(dir);
  expect(await second.ended).toBe(1);
  expect(second.output()).toContain(String(first.child.pid));

  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  expect(serversOf(dir)).toEqual([]);

  open = true;
  const again = await ready(dir);
  expect(again.url).toBe(first.url);
  const arrived = await sink.next(
    (request) => request.headers['webhook-id'] !== undefined && (request.json as { id: string }).id === 'kept' && open,
    15_000,
  );
  expect(arrived.method).toBe('POST');
  again.child.kill('SIGINT');
  expect(await again.ended).toBe(0);
  await sink.close();
}, 90_000);

it('recovers by itself after kill -9', async () => {
  const dir = dataDir();
  const sink = await receiver();
  const first = await ready(dir);
  await first.call('POST', '/v1/channels', { name: 'sink', type: 'webhook', settings: { url: sink.origin } });
  await first.call(
    'POST',
    '/v1/events',
    Array.from({ length: 300 }, (_, n) => ({ id: `e${n}`, type: 'job.started', printer: { id: `p${n % 10}` } })) as never,
  );
  first.child.kill('SIGKILL');
  await first.ended;
  const again = await ready(dir);
  await until(
    'every event',
    30_000,
    () => new Set(sink.requests.map((request) => (request.json as { id: string }).id)).size === 300,
  );
  await again.call('POST', '/v1/events', { id: 'after', type: 'job.started' });
  await sink.next((request) => (request.json as { id: string }).id === 'after', 10_000);
  again.child.kill('SIGTERM');
  expect(await again.ended).toBe(0);
  expect(serversOf(dir)).toEqual([]);
  await sink.close();
}, 90_000);

it('says which set port is taken, and ends nothing behind it', async () => {
  const blocker = createServer();
  await once(blocker.listen(0, '127.0.0.1'), 'listening');
  const { port } = blocker.address() as { port: number };
  const dir = dataDir();
  const refused = launch(dir, { FARMBELL_PORT: String(port) });
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toContain('FARMBELL_PORT');
  expect(serversOf(dir)).toEqual([]);
  const wrong = launch(dir, { FARMBELL_DEDUP_S: 'secret-value' });
  expect(await wrong.ended).toBe(1);
  expect(wrong.output()).toContain('FARMBELL_DEDUP_S');
  expect(wrong.output()).not.toContain('secret-value');
  blocker.close();
}, 60_000);
