import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { type RunningChild, startChild } from './child.js';
import { ensurePrivateDir, unique, writePrivate } from './files.js';
import { rememberServer } from './leftovers.js';
import { natsServerBinary } from './nats-binary.js';
import { type NatsUser, natsConfig, type SyncInterval } from './nats-config.js';
import { reachableHost, urlHost } from './ports.js';

export interface NatsOptions {
  /** Folder of this server alone: streams, configuration (mode 600) and log. Made with mode 700 if missing. */
  storeDir: string;
  /** Where it listens; 127.0.0.1 unless told. */
  host?: string;
  port: number;
  /** By name. One of them has no permissions, and so may do everything: whether the server is ready is asked as that one. */
  users: Readonly<Record<string, NatsUser>>;
  /** Largest message in bytes; 4 MiB unless told, as a picture travels as text inside one. */
  maxPayload?: number;
  /** '1s' unless told. */
  syncInterval?: SyncInterval;
  /** Upper bound of the stored bytes ('1TB' unless told: the disk is the limit). */
  maxStore?: string;
  monitorPort?: number;
  /** A file that remembers the process for endLeftovers(). */
  pidFile?: string;
  /** Remove the folder when this process is killed. */
  ephemeral?: boolean;
  /** How long the server may take to read its store, in milliseconds; five minutes unless told. */
  startMs?: number;
  log?: (line: string) => void;
}

export interface NatsServer {
  /** The URL of a user, credentials included. Throws for a name that is no user's. */
  urlOf(user: string): string;
  port: number;
  pid: number;
  /** Resolves when the server ends, asked or not; a restart counts. */
  ended: Promise<void>;
  /** Ends the server in order, by force after 15 s. */
  stop(): Promise<void>;
  /** Ends it by a signal (SIGKILL unless told) and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops it if it runs and starts it again on the same port and store. */
  restart(): Promise<void>;
}

const MAX_PAYLOAD = 4 * 1024 * 1024;
const START_MS = 5 * 60_000;
const POLL_MS = 20;

/**
 * Starts a nats-server with JetStream and waits until JetStream answers. The server ends with this process.
 * Throws with the server's last lines when it does not come up.
 */
export async function startNats(options: NatsOptions): Promise<NatsServer> {
  const { storeDir, host = '127.0.0.1', port, users } = options;
  const binary = await natsServerBinary(options.log);
  await ensurePrivateDir(storeDir);
  const configFile = join(storeDir, 'nats.conf');
  const serverName = `farmbell-${unique()}`;
  const [operator, { password }] = Object.entries(users).find(([, user]) => user.permissions === undefined) ?? [
    '',
    { password: '' },
  ];
  const { maxPayload = MAX_PAYLOAD, syncInterval = '1s', maxStore = '1TB', monitorPort } = options;
  await writePrivate(
    configFile,
    natsConfig({ serverName, host, port, storeDir, users, maxPayload, syncInterval, maxStore, monitorPort }),
  );

  const start = async (): Promise<RunningChild> => {
    const child = await startChild({
      kind: 'nats',
      command: binary,
      args: ['-c', configFile],
      logFile: join(storeDir, 'nats.log'),
      remove: options.ephemeral ? storeDir : undefined,
    });
    try {
      if (options.pidFile !== undefined) await rememberServer(options.pidFile, child.pid, configFile);
      await ready(child, {
        host: reachableHost(host),
        port,
        user: operator,
        password,
        serverName,
        startMs: options.startMs ?? START_MS,
      });
      return child;
    } catch (error) {
      await child.stop();
      throw error;
    }
  };
  const end = async (how: () => Promise<void>) => {
    await how();
    if (options.pidFile !== undefined) await rm(options.pidFile, { force: true });
  };

  let child = await start();
  return {
    urlOf(user) {
      const known = users[user];
      if (!known) throw new Error(`NATS has no user ${user}: it has ${Object.keys(users).join(', ')}`);
      return `nats://${user}:${encodeURIComponent(known.password)}@${urlHost(host)}:${port}`;
    },
    port,
    get pid() {
      return child.pid;
    },
    get ended() {
      return child.ended;
    },
    stop: () => end(() => child.stop()),
    kill: (signal) => end(() => child.kill(signal)),
    restart: async () => {
      await child.stop();
      child = await start();
    },
  };
}

interface Ready {
  host: string;
  port: number;
  user: string;
  password: string;
  serverName: string;
  startMs: number;
}

async function ready(child: RunningChild, { host, port, user, password, serverName, startMs }: Ready): Promise<void> {
  const deadline = Date.now() + startMs;
  let last = 'no answer';
  while (!child.hasEnded() && Date.now() < deadline) {
    try {
      const connection = await connect({
        servers: `${urlHost(host)}:${port}`,
        user,
        pass: password,
        reconnect: false,
        timeout: 2_000,
      });
      try {
        // A connection alone does not show that the streams are there.
        await connection.request('$JS.API.INFO', undefined, { timeout: 5_000 });
        // Asked before the close, after which it is no longer told.
        if (connection.info?.server_name === serverName) return;
        last = 'another server answers on the port';
      } finally {
        await connection.close();
      }
    } catch (error) {
      last = (error as Error).message;
    }
    await Promise.race([child.ended, delay(POLL_MS)]);
  }
  const what = child.hasEnded() ? 'ended at its start' : `did not answer within ${startMs / 1_000} s (${last})`;
  throw new Error(`nats-server on ${host}:${port} ${what}. Its last lines:\n${await child.lastLines()}`);
}
