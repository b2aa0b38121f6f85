import { access, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { freePort, portFree } from './ports.js';
import { startPostgres } from './postgres.js';
import { alive } from './processes.js';
import { parsePasswd } from './unprivileged.js';

const start = async (dataDir?: string, password = 'secret') =>
  startPostgres({ dataDir, port: await freePort(), user: 'farmbell', password, durable: false });

async function ask(url: string, sql: string): Promise<Record<string, unknown>> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows[0];
  } finally {
    await client.end();
  }
}

describe('startPostgres', () => {
  it('listens on loopback alone, asks for the password, and is gone with its files after stop()', async () => {
    const server = await start();
    const set = (name: string) => ask(server.url, `show ${name}`).then((row) => row[name]);
    expect(await set('listen_addresses')).toBe('127.0.0.1');
    expect(await set('unix_socket_directories')).toBe('');
    expect(await set('server_encoding')).toBe('UTF8');
    expect(await set('fsync')).toBe('off');
    expect(await ask(server.url, "select upper('é') as upper, 'b' < 'Ä' as bytewise")).toEqual({ upper: 'É', bytewise: true });
    await expect(ask(server.url.replace('secret', 'wrong'), 'select 1')).rejects.toThrow(/password authentication failed/);
    await server.stop();
    expect([alive(server.pid), await portFree(server.port)]).toEqual([false, true]);
    await expect(access(dirname(server.clusterDir))).rejects.toThrow();
  });

  it('is durable unless told otherwise, and says when the kept password is not the one', async () => {
    const dataDir = await mkdtemp(join(await realpath(tmpdir()), 'farmbell-pg-'));
    const server = await startPostgres({
      dataDir,
      port: await freePort(),
      user: 'farmbell',
      password: 'secret',
      database: 'other',
    });
    expect(await ask(server.url, "select current_database() as db, current_setting('fsync') as fsync")).toEqual({
      db: 'other',
      fsync: 'on',
    });
    await server.stop();
    const failure = await start(dataDir, 'forgotten').catch((error: Error) => error.message);
    expect(failure).toMatch(/kept password does not open the database.*postgres-password/);
    expect(failure).not.toContain('forgotten');
    await writeFile(join(server.clusterDir, 'PG_VERSION'), '12\n');
    await expect(start(dataDir)).rejects.toThrow(/made by version 12.*incompatible/s);
    expect(await readFile(join(dataDir, 'postgres.log'), 'utf8')).not.toContain('secret');
    if (dirname(server.clusterDir) !== dataDir) await rm(dirname(server.clusterDir), { recursive: true, force: true });
    await rm(dataDir, { recursive: true, force: true });
  }, 60_000);
});

describe('parsePasswd', () => {
  it('reads users and passes over anything else', () => {
    expect(parsePasswd('root:x:0:0:root:/root:/bin/sh\n# note\n+::::\npostgres:x:101:104::/:/bin/sh\n')).toEqual([
      { name: 'root', uid: 0, gid: 0 },
      { name: 'postgres', uid: 101, gid: 104 },
    ]);
  });
});
