import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { until } from '../testing/until.js';
import { type EmbeddedOptions, startEmbedded } from './embedded.js';
import { freePort, portFree } from './ports.js';
import { alive, commandLine } from './processes.js';
import { modeOf, query, runningOn, serverPids, store, stored, type Urls } from './traces.js';

const HOLDER = join(import.meta.dirname, 'embedded-holder.js');
const asRoot = process.getuid?.() === 0;
const SLOW_MS = 60_000;

let base: string;
const holders: ChildProcess[] = [];

beforeEach(async () => {
  base = await mkdtemp(join(await realpath(tmpdir()), 'farmbell-embedded-'));
});

afterEach(async () => {
  for (const holder of holders.splice(0)) await ended(holder, 'SIGKILL');
  // A cluster that had to go elsewhere is no longer needed either.
  for (const name of await readdir(base)) {
    const told = await readFile(join(base, name, 'postgres-location'), 'utf8').catch(() => '');
    if (told !== '') await until('the servers are gone', 10_000, async () => !(await runningOn(join(base, name))).length);
    if (told !== '') await rm(dirname(told.trim()), { recursive: true, force: true });
  }
  await rm(base, { recursive: true, force: true, maxRetries: 5 });
});

async function start(options: Partial<EmbeddedOptions> = {}) {
  const embedded = await startEmbedded({ dataDir: join(base, 'data'), natsPort: await freePort(), durable: false, ...options });
  return { ...embedded, natsUrl: embedded.natsUrl!, databaseUrl: embedded.databaseUrl! };
}

async function hold(options: Partial<EmbeddedOptions> = {}): Promise<{ holder: ChildProcess } & Urls> {
  const given = { dataDir: join(base, 'data'), natsPort: await freePort(), ...options };
  const holder = spawn(process.execPath, [HOLDER, JSON.stringify(given)], { stdio: ['ignore', 'pipe', 'inherit'] });
  holders.push(holder);
  const line = await new Promise<string>((resolve, reject) => {
    holder.stdout!.once('data', (text: Buffer) => resolve(text.toString()));
    holder.once('exit', (code) => reject(new Error(`the holder ended with ${code}`)));
  });
  return { holder, ...(JSON.parse(line) as Urls) };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await exit;
}

describe('startEmbedded', () => {
  it(
    'keeps data and ports from start to start, and secrets to its user',
    async () => {
      const dataDir = join(base, 'data');
      const first = await start();
      await store(first);
      expect(await modeOf(dataDir)).toBe(0o700);
      for (const name of await readdir(dataDir)) {
        if ((await stat(join(dataDir, name))).isFile()) expect([name, await modeOf(join(dataDir, name))]).toEqual([name, 0o600]);
      }
      const password = new URL(first.natsUrl).password;
      for (const pid of await serverPids(dataDir)) expect(commandLine(pid)).not.toContain(password);
      await first.stop();
      expect(await runningOn(dataDir)).toEqual([]);
      const second = await start();
      expect([second.natsUrl, second.databaseUrl]).toEqual([first.natsUrl, first.databaseUrl]);
      expect(await stored(second)).toEqual(['in nats', 'in postgres']);
      await second.stop();
    },
    SLOW_MS,
  );

  it(
    'leaves no server behind when it is killed, and goes on with the data at the next start',
    async () => {
      const dataDir = join(base, 'data');
      const first = await hold();
      await store(first);
      const pids = await serverPids(dataDir);
      expect(pids.map(alive)).toEqual([true, true]);
      await ended(first.holder, 'SIGKILL');
      await until('the servers have ended', 8_000, () => !pids.some(alive));
      const second = await start();
      expect(await stored(second)).toEqual(['in nats', 'in postgres']);
      await second.stop();
    },
    SLOW_MS,
  );

  it(
    'ends what a killed start and its watchdog left running, when started again',
    async () => {
      const dataDir = join(base, 'data');
      const first = await hold();
      await store(first);
      const pids = await serverPids(dataDir);
      // Stopped, they do not heed the watchdog's first signals: the next start finds them still there.
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      await ended(first.holder, 'SIGKILL');
      expect(pids.map(alive)).toEqual([true, true]);
      const second = await start();
      expect(pids.map(alive)).toEqual([false, false]);
      expect(await stored(second)).toEqual(['in nats', 'in postgres']);
      await second.stop();
    },
    SLOW_MS,
  );

  it(
    'refuses a second start on the same data dir and names the process',
    async () => {
      const { holder, ...urls } = await hold();
      await expect(start()).rejects.toThrow(
        new RegExp(`already runs on the data dir .*\\(process ${holder.pid}\\).*FARMBELL_DATA_DIR`),
      );
      await store(urls);
      expect(await stored(urls)).toEqual(['in nats', 'in postgres']);
      await ended(holder, 'SIGTERM');
      expect(holder.exitCode).toBe(0);
    },
    SLOW_MS,
  );

  it(
    'runs PostgreSQL as an unprivileged user, below a folder that only its owner enters too',
    async () => {
      const closed = join(base, 'closed');
      await mkdir(closed, { mode: 0o700 });
      const dataDir = join(closed, 'data');
      const embedded = await start({ dataDir });
      const [{ dir }] = (await query(embedded.databaseUrl, "select current_setting('data_directory') as dir")) as [
        { dir: string },
      ];
      const owner = await stat(dir);
      expect(owner.uid).not.toBe(0);
      expect(owner.mode & 0o777).toBe(0o700);
      expect(await modeOf(closed)).toBe(0o700);
      const expected = asRoot
        ? /^\/var\/lib\/farmbell\/cluster-[0-9a-f]+-[0-9a-f]+\/postgres$/
        : new RegExp(`^${dataDir}/postgres$`);
      expect(dir).toMatch(expected);
      const told = await readFile(join(dataDir, 'postgres-location'), 'utf8').catch(() => undefined);
      expect(told).toBe(asRoot ? `${dir}\n` : undefined);
      await store(embedded);
      await embedded.stop();
      const again = await start({ dataDir });
      expect(await stored(again)).toEqual(['in nats', 'in postgres']);
      await again.stop();
      if (asRoot) await rm(dirname(dir), { recursive: true });
    },
    SLOW_MS,
  );

  it(
    "keeps the cluster in a data dir that PostgreSQL's user can enter",
    async () => {
      await chmod(base, 0o755);
      const dataDir = join(base, 'data');
      await mkdir(dataDir);
      await chmod(dataDir, 0o755);
      const embedded = await start({ dataDir, needNats: false });
      const version = await stat(join(dataDir, 'postgres', 'PG_VERSION'));
      expect(asRoot ? version.uid !== 0 : version.uid === process.getuid?.()).toBe(true);
      await embedded.stop();
    },
    SLOW_MS,
  );

  it(
    'recovers from a database that was never finished',
    async () => {
      await chmod(base, 0o755);
      const dataDir = join(base, 'data');
      await mkdir(join(dataDir, 'postgres', 'base'), { recursive: true });
      await mkdir(join(dataDir, 'postgres.new-cut-off'));
      await writeFile(join(dataDir, 'ports.json'), '{"nats":');
      const said: string[] = [];
      const embedded = await start({ needNats: false, log: (line) => said.push(line) });
      expect(await query(embedded.databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
      expect(said.join()).toContain('was set aside');
      expect(await readdir(dataDir)).not.toContain('postgres.new-cut-off');
      await embedded.stop();
    },
    SLOW_MS,
  );

  it(
    'moves off a taken default port, but not off a chosen one',
    async () => {
      const taken = net.createServer();
      const natsPort = await freePort();
      await new Promise<void>((resolve) => taken.listen(natsPort, '127.0.0.1', resolve));
      const chosen = start({ natsPort, natsPortSet: true, needPostgres: false });
      await expect(chosen).rejects.toThrow(new RegExp(`^FARMBELL_NATS_PORT: port ${natsPort} .*is taken`));
      const said: string[] = [];
      const first = await start({ natsPort, needPostgres: false, log: (line) => said.push(line) });
      const port = Number(new URL(first.natsUrl).port);
      expect(port).toBeGreaterThan(natsPort);
      expect(said.join('\n')).toContain(`NATS listens on port ${port}, as ${natsPort} is taken.`);
      await first.stop();
      await new Promise((resolve) => taken.close(resolve));
      const second = await start({ natsPort, needPostgres: false });
      expect(new URL(second.natsUrl).port).toBe(String(port));
      await second.stop();
      expect(await portFree(port)).toBe(true);
    },
    SLOW_MS,
  );

  it(
    'says when a server dies, and stops all the same',
    async () => {
      const embedded = await start({ needPostgres: false });
      const [pid] = await serverPids(join(base, 'data'));
      process.kill(pid!, 'SIGKILL');
      expect(await embedded.died).toMatch(/embedded NATS server has ended; its log is .*nats\.log/);
      await embedded.stop();
    },
    SLOW_MS,
  );
});
