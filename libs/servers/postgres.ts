import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type RunningChild, startChild } from './child.js';
import { unique } from './files.js';
import { guard } from './guard.js';
import { endServerOfCluster, pidFile, rememberServer } from './leftovers.js';
import { postgresBinaries } from './postgres-binaries.js';
import { clusterVersion, ensureCluster } from './postgres-init.js';
import { clusterPlace, ephemeralPlace, type Place } from './postgres-place.js';

export interface PostgresOptions {
  /** Farmbell's data dir, which must exist; without one the cluster is temporary and gone after stop() or this process's end. */
  dataDir?: string;
  port: number;
  /** The superuser and its password, both letters and digits; set when the cluster is made. */
  user: string;
  password: string;
  /** Made if missing; `postgres` unless told. */
  database?: string;
  /** False trades safety at a power cut for speed: for tests. True unless told. */
  durable?: boolean;
  maxConnections?: number;
  /** How long the server may be silent at its start, in milliseconds; a minute unless told. */
  startMs?: number;
  log?: (line: string) => void;
}

export interface PostgresServer {
  /** Credentials included. */
  url: string;
  port: number;
  pid: number;
  clusterDir: string;
  /** Resolves when the server ends, asked or not. */
  ended: Promise<void>;
  /** Ends the server in order (connections are cut, nothing committed is lost), by force after 20 s. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const POLL_MS = 25;
const IN_MEMORY = ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off'];

/**
 * Starts PostgreSQL on 127.0.0.1 and waits until it takes connections; makes its cluster first if there is none. As root the
 * server runs as an existing unprivileged user. It ends with this process. Throws with its last lines if it does not come up.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { dataDir, port, user: role, password, durable = true, database = 'postgres', log = () => undefined } = options;
  const temporary = dataDir === undefined ? await ephemeralPlace() : undefined;
  const folder = temporary?.folder;
  const release = folder === undefined ? () => undefined : guard({ steps: [], remove: folder });
  const cleanUp = async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    release();
  };
  let child: RunningChild | undefined;
  try {
    const place: Place = temporary ?? (await clusterPlace(dataDir!));
    const { clusterDir, user } = place;
    const binaries = await postgresBinaries(user);
    const leftover = await endServerOfCluster(clusterDir);
    if (leftover !== undefined) log(leftover);
    await ensureCluster({ clusterDir, binaries, user, role, password, durable, log });
    await place.settle();
    child = await startChild({
      kind: 'postgres',
      command: binaries.postgres,
      args: ['-D', clusterDir, ...settings(port, durable, options.maxConnections ?? 100)],
      logFile: join(folder ?? dataDir!, 'postgres.log'),
      user,
      remove: folder,
    });
    const running = child;
    const remembered = dataDir === undefined ? undefined : pidFile(dataDir, 'postgres');
    if (remembered !== undefined) await rememberServer(remembered, running.pid, clusterDir);
    const url = (name: string) => `postgres://${role}:${encodeURIComponent(password)}@${HOST}:${port}/${name}`;
    await ready(running, url('postgres'), options.startMs ?? 60_000, clusterDir);
    await ensureDatabase(url('postgres'), database);
    const stop = async () => {
      await running.stop();
      if (remembered !== undefined) await rm(remembered, { force: true });
      await cleanUp();
    };
    return { url: url(database), port, pid: running.pid, clusterDir, ended: running.ended, stop };
  } catch (error) {
    await child?.stop();
    await cleanUp();
    throw error;
  }
}

/** Given at each start rather than written into the cluster: what Farmbell needs holds whatever the file there says. */
function settings(port: number, durable: boolean, maxConnections: number): string[] {
  const set = [
    `port=${port}`,
    `listen_addresses=${HOST}`,
    'unix_socket_directories=',
    `max_connections=${maxConnections}`,
    'shared_buffers=128MB',
    'timezone=UTC',
    'log_timezone=UTC',
    'log_checkpoints=off',
    // Statements can hold what users entrusted to Farmbell: they stay out of the log.
    'log_min_error_statement=panic',
    ...(durable ? [] : IN_MEMORY),
  ];
  return set.flatMap((setting) => ['-c', setting]);
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, ssl: false, connectionTimeoutMillis: 5_000 });
  // A connection cut while idle is reported here and would otherwise end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function ready(child: RunningChild, url: string, startMs: number, clusterDir: string): Promise<void> {
  let deadline = Date.now() + startMs;
  let last = 'no answer';
  while (!child.hasEnded() && Date.now() < deadline) {
    try {
      await withClient(url, (client) => client.query('select 1'));
      if (!child.hasEnded()) return;
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      last = message;
      if (code === '28P01' && !child.hasEnded()) {
        throw new Error(
          `The kept password does not open the database in ${clusterDir}: bring back the data dir's file postgres-password.`,
        );
      }
      // "Starting up": it is reading its log after a crash, which takes as long as it takes.
      if (code === '57P03') deadline = Date.now() + startMs;
    }
    await Promise.race([child.ended, delay(POLL_MS)]);
  }
  const what = child.hasEnded() ? 'ended at its start' : `did not answer within ${startMs / 1_000} s (${last})`;
  const made = await clusterVersion(clusterDir);
  throw new Error(
    `PostgreSQL ${what} (cluster ${clusterDir}, made by version ${made}). Its last lines:\n${await child.lastLines()}`,
  );
}

async function ensureDatabase(adminUrl: string, database: string): Promise<void> {
  if (database === 'postgres') return;
  await withClient(adminUrl, async (client) => {
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  });
}

/** Makes a database of a new name beside the one of `adminUrl`, and drops it again, whoever is still connected. */
export async function freshDatabase(adminUrl: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `fresh_${unique()}`;
  await withClient(adminUrl, (client) => client.query(`create database ${name}`));
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => withClient(adminUrl, async (client) => void (await client.query(`drop database if exists ${name} with (force)`))),
  };
}
