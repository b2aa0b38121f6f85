import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { newKey } from '#runtime';
import { receiver } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

const command = new URL('./reseal.js', import.meta.url).pathname;

/** What `npm run reseal` runs. */
async function run(env: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, [command, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  const code = await new Promise((done) => child.once('close', done));
  return { code, output, errors };
}

const total = 230;

it('seals all anew with the first key while services run, once, and says what no key opens', async () => {
  const [old, fresh] = [newKey(), newKey()];
  const sink = await receiver();
  const farm = await testFarm(modules, { FARMBELL_SECRET_KEYS: old });
  const make = async (name: string) =>
    (await farm.call('POST', '/v1/channels', { name, type: 'webhook', settings: { url: `${sink.origin}/${name}` } })).body.id;
  const id = await make('first');
  const changed = await make('changed');
  const sql = new pg.Client(farm.database.url);
  await sql.connect();
  const columns = (await sql.query('select * from rules.channel where id = $1', [id])).fields
    .map(({ name }) => name)
    .filter((name) => !['id', 'copied_version'].includes(name));
  // more than a batch, all sealed with the old key, not yet copied
  await sql.query(
    `insert into rules.channel (id, copied_version, ${columns}) select 'c' || n, 0, ${columns} from rules.channel, generate_series(1, $2) n where id = $1`,
    [id, total - 2],
  );
  await farm.restart({ FARMBELL_SECRET_KEYS: `${fresh},${old}` });

  const env = {
    NATS_URL: farm.nats.urlOf('rules'),
    DATABASE_URL: farm.database.url,
    FARMBELL_SECRET_KEYS: `${fresh},${old}`,
  };
  let patches = 0;
  let running = true;
  const patching = (async () => {
    for (; running; patches++) {
      const { status } = await farm.call('PATCH', `/v1/channels/${changed}`, { settings: { timeout_s: 5 + (patches % 5) } });
      expect(status).toBe(200);
    }
  })();
  const first = await run(env);
  running = false;
  await patching;
  expect(patches).toBeGreaterThan(0);
  expect([first.code, first.errors]).toEqual([0, '']);
  const [, anew, already] = /^(\d+) channels were sealed anew, (\d+) were/.exec(first.output) ?? [];
  // the one that was patched is sealed with the first key by now, by whichever came first
  expect(Number(anew) + Number(already)).toBe(total);
  expect(Number(anew)).toBeGreaterThanOrEqual(total - 1);
  const again = await run(env);
  expect([again.code, again.output]).toEqual([
    0,
    `0 channels were sealed anew, ${total} were sealed with the first key already.\n`,
  ]);

  // without the old key everything still opens: the rows, and the copies that delivery reads
  await farm.restart({ FARMBELL_SECRET_KEYS: fresh });
  await farm.call('POST', '/v1/events', { id: 'after', type: 'job.failed' });
  const arrived = new Set<string>();
  while (arrived.size < total) {
    const { headers } = await sink.next((request) => (request.json as { id: string }).id === 'after', 20_000);
    arrived.add(headers['webhook-id'] as string);
  }
  expect((await farm.call('PATCH', `/v1/channels/${changed}`, { settings: { timeout_s: 4 } })).status).toBe(200);

  await sql.query("update rules.channel set sealed = replace(sealed, 'gAAAA', 'gBBBB') where id in ('c7', 'c8')");
  const newest = newKey();
  const partly = await run({ ...env, FARMBELL_SECRET_KEYS: `${newest},${fresh}` });
  expect([partly.code, partly.output]).toEqual([
    1,
    `${total - 2} channels were sealed anew, 0 were sealed with the first key already.\n`,
  ]);
  expect(partly.errors).toContain('opens the settings of c7, c8:');
  for (const secret of [old, fresh, newest]) expect(partly.errors + partly.output).not.toContain(secret.slice(0, 20));
  await sql.end();
  await farm.stop();
  await sink.close();
}, 120_000);

it('works on a data dir, with a new key that is put first there', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'farmbell-reseal-'));
  const env = { FARMBELL_DATA_DIR: dir };
  try {
    const missing = await run(env, '--new-key');
    expect([missing.code, missing.errors]).toEqual([1, expect.stringContaining('secret-keys does not exist')]);
    const { withSecrets } = await import('./secrets.js');
    const { readConfig } = await import('#runtime');
    const before = withSecrets(readConfig(env)).FARMBELL_SECRET_KEYS!;
    const done = await run(env, '--new-key');
    expect([done.code, done.output]).toEqual([0, '0 channels were sealed anew, 0 were sealed with the first key already.\n']);
    const file = join(dir, 'secret-keys');
    const [first, second, ...more] = readFileSync(file, 'utf8').trim().split(',');
    expect([second, more, statSync(file).mode & 0o777]).toEqual([before, [], 0o600]);
    expect(first).not.toBe(before);
    const set = await run({ ...env, FARMBELL_SECRET_KEYS: newKey() }, '--new-key');
    expect([set.code, set.errors]).toEqual([1, expect.stringContaining('FARMBELL_SECRET_KEYS is set')]);
    expect((await run(env, '--all')).errors).toContain("'--all' is no option");
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}, 120_000);
