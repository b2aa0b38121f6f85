import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Database } from '#runtime';
import { Fence1764000000000 } from './fences.js';
import { Memory1763730000000 } from './memory.js';

class Waiting1763700000000 implements MigrationInterface {
  name = 'Waiting1763700000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table waiting (
        delivery text primary key,
        attempt int not null,
        type text not null,
        lane int not null,
        channel text not null,
        epoch int not null,
        seq bigint not null,
        due timestamptz,
        cause text not null,
        body text not null
      );
      create index waiting_due on waiting (type, lane, due) where cause <> 'backlog';
      create index waiting_channel on waiting (channel, seq)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table waiting');
  }
}

const migrations = [Waiting1763700000000, Memory1763730000000, Fence1764000000000];

/**
 * Sessions that read the waiting table. A table that fills within a minute is larger than PostgreSQL has counted: by its old figures
 * it would read and sort a whole backlog for a few rows; without bitmaps it goes along the index. Counting stays on one core.
 */
const session = { enable_bitmapscan: 'off', max_parallel_workers_per_gather: '0' };

export const openWaiting = (url: string): Promise<Database> => Database.open({ url, schema: 'delivery', migrations, session });
