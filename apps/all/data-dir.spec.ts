import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '#servers';
import { receiver, until } from '#testing';

/** What docs/operations.md says of backups of the data dir, done by the commands that stand there. */
const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
const commandsOf = (chapter: string) => /^```sh\n([\s\S]*?)^```/m.exec(page.slice(page.indexOf(`\n### ${chapter}\n`)))![1]!;

const main = new URL('./main.js', import.meta.url).pathname;
const removed: string[] = [];
const running: ChildProcess[] = [];
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  for (const path of removed) rmSync(path, { recursive: true, force: true });
});

/** What `npm start` runs, in a folder of its own. */
async function start(cwd: string) {
  const child = spawn(process.execPath, [main], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      FARMBELL_PORT: String(await freePort()),
      FARMBELL_GRPC_PORT: String(await freePort()),
      FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true',
      FARMBELL_EGRESS_ALLOW: '127.0.0.0/8',
    },
  });
  running.push(child);
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  const url = await until('it is ready', 60_000, () => /Farmbell is ready: (\S+)/.exec(said)?.[1]);
  const token = readFileSync(join(cwd, '.farmbell/admin-token'), 'utf8').trim();
  const call = async (method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
    const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
    return { status: answer.status, body: (await answer.json()) as any };
  };
  return {
    call,
    publish: async (id: string) => (await call('POST', '/v1/events', { id, type: 'job.failed' })).body.duplicate as boolean,
    becomes: (event: string, decision: string) =>
      until(`${event} is ${decision}`, 20_000, async () => {
        const { channels } = (await call('GET', `/v1/events/${event}/why`)).body;
        return channels?.[0]?.decision === decision;
      }),
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

it('what waited in the copy comes again under its id, what had ended does not, and what came after it is not known', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'farmbell-data-dir-'));
  removed.push(cwd);
  const refuses = new Set(['waits']);
  const sink = await receiver(({ json }) => (refuses.has(json.id) ? { status: 503 } : {}));
  const taken = (event: string) => sink.requests.filter(({ json }) => json.id === event && !refuses.has(event));
  const shell = (text: string) => execFileSync('sh', ['-ec', text], { cwd });

  let farm = await start(cwd);
  // as root the database lies elsewhere
  const location = join(cwd, '.farmbell/postgres-location');
  if (existsSync(location)) {
    const cluster = dirname(readFileSync(location, 'utf8').trim());
    removed.push(cluster, `${cluster}.before`);
  }
  await farm.call('POST', '/v1/channels', { name: 'sink', type: 'webhook', settings: { url: `${sink.origin}/` } });
  await farm.publish('before');
  await farm.publish('waits');
  await farm.becomes('before', 'delivered');
  await farm.becomes('waits', 'waiting');
  await until('its attempt', 10_000, () => sink.requests.some(({ json }) => json.id === 'waits'));
  await farm.stop();
  shell(commandsOf('One process'));

  const tries = sink.requests.filter(({ json }) => json.id === 'waits').length;
  refuses.clear();
  farm = await start(cwd);
  await farm.becomes('waits', 'delivered');
  await farm.publish('after');
  await farm.becomes('after', 'delivered');
  await farm.stop();

  shell(commandsOf('Restore one process'));
  farm = await start(cwd);
  await until('what waited', 20_000, () => taken('waits').length === tries + 2);
  expect(new Set(taken('waits').map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect((await farm.call('GET', '/v1/events/after')).status).toBe(404);
  expect(await farm.publish('before')).toBe(true);
  expect(await farm.publish('after')).toBe(false);
  await farm.becomes('after', 'delivered');
  expect([taken('before').length, taken('after').length]).toEqual([1, 2]);
  await farm.stop();
  await sink.close();
}, 120_000);
