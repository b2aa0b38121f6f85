import pg from 'pg';
import { receiver } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

it('lists more channels than a message holds, made in one moment, each once', async () => {
  const [farm, sink] = [await testFarm(modules), await receiver()];
  const headers = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`x-header-${n}`, 'v'.repeat(100)]));
  const settings = { url: `${sink.origin}/hook?${'q'.repeat(1500)}`, headers };
  const made = await farm.call('POST', '/v1/channels', { name: 'c', type: 'webhook', settings });
  expect(made.status).toBe(201);
  const database = new pg.Client(farm.database.url);
  await database.connect();
  const { rows } = await database.query(
    `select string_agg(quote_ident(column_name), ', ') as columns from information_schema.columns
     where table_schema = 'rules' and table_name = 'channel' and column_name <> 'id'`,
  );
  await database.query(
    `insert into rules.channel (id, ${rows[0].columns}) select 'copy-' || n, ${rows[0].columns} from rules.channel, generate_series(1, 900) as n`,
  );
  await database.end();
  const seen: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { status, body } = await farm.call('GET', `/v1/channels?limit=500${cursor && `&cursor=${cursor}`}`);
    expect(status).toBe(200);
    seen.push(...body.data.map((channel: { id: string }) => channel.id));
    cursor = body.next_cursor;
  }
  expect(seen.length).toBe(901);
  expect(new Set(seen).size).toBe(901);
  await farm.stop();
  await sink.close();
}, 60_000);
