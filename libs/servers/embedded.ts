import { createHmac } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePrivateDir, keptSecret, readIfAny, writePrivate } from './files.js';
import { endLeftovers, pidFile } from './leftovers.js';
import { lockDataDir } from './lock.js';
import { type NatsServer, startNats } from './nats.js';
import type { NatsPermissions, NatsUser, SyncInterval } from './nats-config.js';
import { freePort, portFree } from './ports.js';
import { type PostgresServer, startPostgres } from './postgres.js';

export interface EmbeddedOptions {
  dataDir: string;
  /** 127.0.0.1 unless told. */
  natsHost?: string;
  /** 4222 unless told. */
  natsPort?: number;
  /** Whether somebody chose the port: then it is that one or an error, else the next free one will do. */
  natsPortSet?: boolean;
  /** NATS users beside `operator`, which may do everything, and what each may do. */
  natsUsers?: Readonly<Record<string, NatsPermissions>>;
  syncInterval?: SyncInterval;
  /** Both true unless told: false where NATS_URL or DATABASE_URL names a server elsewhere. */
  needNats?: boolean;
  needPostgres?: boolean;
  /** False for tests: see startPostgres(). */
  durable?: boolean;
  log?: (line: string) => void;
}

export interface Embedded {
  /** The operator's, credentials included as in databaseUrl; present if asked for. */
  natsUrl?: string;
  /** The URL of one of `natsUsers`. */
  natsUrlOf?(user: string): string;
  databaseUrl?: string;
  /** Resolves with a sentence when a server ends without having been asked to. */
  died: Promise<string>;
  /** Stops NATS, then PostgreSQL, then gives the data dir free. */
  stop(): Promise<void>;
}

interface Ports {
  nats?: number;
  postgres?: number;
}

const NATS_PORT = 4222;
const NAME = 'farmbell';
const OPERATOR = 'operator';
/** Between the look at a port and the server's own another program may take it. */
const PORT_TRIES = 4;

/**
 * Starts the servers that Farmbell brings along on a data dir, both at once. Throws when Farmbell already runs there, a
 * chosen port is taken or a server does not come up; then nothing is left running.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { needNats = true, needPostgres = true, log = () => undefined } = options;
  await ensurePrivateDir(options.dataDir);
  const dataDir = await realpath(options.dataDir);
  const release = await lockDataDir(dataDir);
  let stopping = false;
  const started: { nats?: NatsServer; postgres?: PostgresServer } = {};
  const stop = async () => {
    stopping = true;
    try {
      await started.nats?.stop();
    } finally {
      await started.postgres?.stop();
      await release();
    }
  };
  try {
    for (const sentence of await endLeftovers(dataDir)) log(sentence);
    const kept = await readPorts(dataDir);
    const results = await Promise.allSettled([
      needNats ? embeddedNats(dataDir, options, kept).then((nats) => Object.assign(started, { nats })) : undefined,
      needPostgres
        ? embeddedPostgres(dataDir, options, kept).then((postgres) => Object.assign(started, { postgres }))
        : undefined,
    ]);
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
    const { nats, postgres } = started;
    await writePorts(dataDir, {
      nats: options.natsPortSet ? kept.nats : (nats?.port ?? kept.nats),
      postgres: postgres?.port ?? kept.postgres,
    });
    if (nats !== undefined && options.natsUsers?.publisher !== undefined)
      await writePrivate(join(dataDir, 'publisher-nats-url'), `${nats.urlOf('publisher')}\n`);
    return {
      natsUrl: nats?.urlOf(OPERATOR),
      natsUrlOf: nats?.urlOf,
      databaseUrl: postgres?.url,
      died: firstDeath(started, dataDir, () => stopping),
      stop: once(stop),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function embeddedNats(dataDir: string, options: EmbeddedOptions, kept: Ports): Promise<NatsServer> {
  const { natsHost: host = '127.0.0.1', natsPort: wanted = NATS_PORT, natsPortSet = false, log = () => undefined } = options;
  const users = await usersOf(dataDir, options.natsUsers ?? {});
  const start = (port: number) =>
    startNats({
      storeDir: join(dataDir, 'nats'),
      host,
      port,
      users,
      syncInterval: options.syncInterval,
      pidFile: pidFile(dataDir, 'nats'),
      log,
    });
  if (natsPortSet) {
    if (!(await portFree(wanted, host))) {
      throw new Error(
        `FARMBELL_NATS_PORT: port ${wanted} of ${host} is taken. End the program that listens there, choose another port, or leave it unset.`,
      );
    }
    return start(wanted);
  }
  const nats = await onFreePort(host, [kept.nats, wanted], wanted, start);
  if (nats.port !== wanted)
    log(`NATS listens on port ${nats.port}${nats.port === kept.nats ? ', as before' : `, as ${wanted} is taken`}.`);
  return nats;
}

/** The operator's and the publisher's passwords are kept; those of the others, whom nobody but this process knows, follow from the operator's. */
async function usersOf(dataDir: string, wanted: Readonly<Record<string, NatsPermissions>>): Promise<Record<string, NatsUser>> {
  const master = await keptSecret(join(dataDir, 'nats-password'));
  const users: Record<string, NatsUser> = { [OPERATOR]: { password: master } };
  for (const [name, permissions] of Object.entries(wanted)) {
    const password =
      name === 'publisher'
        ? await keptSecret(join(dataDir, 'publisher-password'))
        : createHmac('sha256', master).update(name).digest('hex').slice(0, 48);
    users[name] = { password, permissions };
  }
  return users;
}

async function embeddedPostgres(dataDir: string, { durable, log }: EmbeddedOptions, kept: Ports): Promise<PostgresServer> {
  const password = await keptSecret(join(dataDir, 'postgres-password'));
  return onFreePort('127.0.0.1', [kept.postgres], undefined, (port) =>
    startPostgres({ dataDir, port, user: NAME, password, database: NAME, durable, log }),
  );
}

/** Starts on the first of `first` that is free, else from `from` on (undefined: anywhere); anew if the port was taken meanwhile. */
async function onFreePort<T>(
  host: string,
  first: readonly (number | undefined)[],
  from: number | undefined,
  start: (port: number) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const port = (await firstFree(first, host)) ?? (await freePort(from, host));
    try {
      return await start(port);
    } catch (error) {
      if (tries >= PORT_TRIES || (await portFree(port, host))) throw error;
    }
  }
}

async function firstFree(ports: readonly (number | undefined)[], host: string): Promise<number | undefined> {
  for (const port of ports) if (port !== undefined && (await portFree(port, host))) return port;
  return undefined;
}

async function readPorts(dataDir: string): Promise<Ports> {
  try {
    const read = JSON.parse((await readIfAny(join(dataDir, 'ports.json'))) ?? '{}') as Ports;
    const sane = (port: unknown) =>
      Number.isInteger(port) && (port as number) > 0 && (port as number) < 65_536 ? (port as number) : undefined;
    return { nats: sane(read.nats), postgres: sane(read.postgres) };
  } catch {
    // Only a wish: without it other ports are chosen.
    return {};
  }
}

async function writePorts(dataDir: string, ports: Ports): Promise<void> {
  await writePrivate(join(dataDir, 'ports.json'), `${JSON.stringify(ports)}\n`);
}

function firstDeath(
  { nats, postgres }: { nats?: NatsServer; postgres?: PostgresServer },
  dataDir: string,
  stopping: () => boolean,
): Promise<string> {
  return new Promise((resolve) => {
    const watch = (name: string, logFile: string, ended: Promise<void> | undefined) =>
      void ended?.then(() =>
        stopping() ? undefined : resolve(`The embedded ${name} server has ended; its log is ${join(dataDir, logFile)}.`),
      );
    watch('NATS', join('nats', 'nats.log'), nats?.ended);
    watch('PostgreSQL', 'postgres.log', postgres?.ended);
  });
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work();
    return running;
  };
}
