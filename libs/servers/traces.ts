/** For the specs of this folder: something to store and to find again, and the servers that run on a data dir. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { natsTarget } from './nats-url.js';
import { alive } from './processes.js';

export interface Urls {
  natsUrl: string;
  databaseUrl: string;
}

export async function store({ natsUrl, databaseUrl }: Urls): Promise<void> {
  const connection = await connect(natsTarget(natsUrl));
  await (await jetstreamManager(connection)).streams.add({ name: 'KEPT', subjects: ['kept'] });
  await jetstream(connection).publish('kept', 'in nats');
  await connection.close();
  await query(databaseUrl, "create table kept as select 'in postgres' as text");
}

export async function stored({ natsUrl, databaseUrl }: Urls): Promise<unknown[]> {
  const connection = await connect(natsTarget(natsUrl));
  const message = await (await jetstreamManager(connection)).streams.getMessage('KEPT', { seq: 1 });
  await connection.close();
  return [message?.string(), (await query(databaseUrl, 'select text from kept'))[0]?.text];
}

export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The server processes that the data dir remembers and that run. */
export async function serverPids(dataDir: string): Promise<number[]> {
  const files = ['nats.pid', 'postgres.pid'].map((name) =>
    readFile(join(dataDir, name), 'utf8').then((text) => Number(JSON.parse(text).pid)),
  );
  return (await Promise.allSettled(files)).flatMap((read) => (read.status === 'fulfilled' ? [read.value] : []));
}

export async function runningOn(dataDir: string): Promise<number[]> {
  return (await serverPids(dataDir)).filter(alive);
}

export async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}
