import { spawn } from 'node:child_process';
import pg from 'pg';
import { testDatabase } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

const command = new URL('./migrate.js', import.meta.url).pathname;

async function migrate(env: Record<string, string>) {
  const child = spawn(process.execPath, [command], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  const code = await new Promise((done) => child.once('close', done));
  return { code, output, errors };
}

/** Every migration that a database has seen, by its schema. */
async function seen(url: string): Promise<string[]> {
  const sql = new pg.Client(url);
  await sql.connect();
  try {
    const { rows } = await sql.query(
      "select table_schema as schema from information_schema.tables where table_name = 'migration' order by 1",
    );
    const found: string[] = [];
    for (const { schema } of rows) {
      const { rows: done } = await sql.query(`select name from ${schema}.migration order by id`);
      found.push(...done.map(({ name }) => `${schema}: ${name}`));
    }
    return found;
  } finally {
    await sql.end();
  }
}

it('makes every table that the services want, so that they find nothing to do, and may be run again', async () => {
  const [farm, database] = await Promise.all([testFarm(modules), testDatabase()]);
  try {
    const wanted = await seen(farm.database.url);
    expect(wanted.length).toBeGreaterThan(4);
    const schemas = [...new Set(wanted.map((line) => line.split(':')[0]))];
    const told = `The tables of ${schemas.join(', ')} are up to date.\n`;
    // two at once: the lock lets one after the other
    const both = await Promise.all([migrate({ DATABASE_URL: database.url }), migrate({ DATABASE_URL: database.url })]);
    for (const one of both) expect(one).toEqual({ code: 0, output: told, errors: '' });
    expect(await seen(database.url)).toEqual(wanted);
    expect(await migrate({ DATABASE_URL: farm.database.url })).toEqual({ code: 0, output: told, errors: '' });
    expect(await seen(farm.database.url)).toEqual(wanted);
  } finally {
    await farm.stop();
    await database.drop();
  }
}, 120_000);

it('ends with 1 and says why when it cannot, without the password', async () => {
  expect(await migrate({})).toEqual({ code: 1, output: '', errors: expect.stringContaining('DATABASE_URL must be set') });
  const away = await migrate({ DATABASE_URL: 'postgres://farmbell:s3cret-of-mine@127.0.0.1:1/farmbell' });
  expect([away.code, away.output]).toEqual([1, '']);
  expect(away.errors).toContain('ECONNREFUSED');
  expect(away.errors).not.toContain('s3cret-of-mine');
});
