import { type OnApplicationShutdown } from '@nestjs/common';
import { DataSource, type EntityTarget, type MigrationInterface } from 'typeorm';
import { answersWithin } from './probes.js';

export interface DatabaseOptions {
  url: string;
  /** The owner's PostgreSQL schema: one service, one schema. */
  schema: string;
  entities?: EntityTarget<object>[];
  migrations: (new () => MigrationInterface)[];
  poolSize?: number;
  /** PostgreSQL's own settings for each session. */
  session?: Record<string, string>;
}

/** A service's own schema in PostgreSQL, migrated. */
export class Database extends DataSource implements OnApplicationShutdown {
  /** Connects and runs the owner's migrations, under an advisory lock: many processes may start at once. */
  static async open({ url, schema, entities = [], migrations, poolSize = 6, session = {} }: DatabaseOptions): Promise<Database> {
    const database = new Database({
      type: 'postgres',
      url,
      schema,
      entities: entities as never[],
      migrations,
      migrationsTableName: 'migration',
      synchronize: false,
      poolSize,
      extra: { connectionTimeoutMillis: 5000, options: optionsOf({ search_path: schema, ...session }) },
      poolErrorHandler: () => {}, // a dropped idle connection is replaced at the next query
    });
    await database.initialize();
    await migrate(database, schema);
    return database;
  }

  /** Rows of a statement. */
  rows<T>(sql: string, values: unknown[] = []): Promise<T[]> {
    return this.query(sql, values) as Promise<T[]>;
  }

  /** Whether the database answers within `ms`. */
  alive(ms = 2000): Promise<boolean> {
    return answersWithin(this.query('select 1'), ms);
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.isInitialized) await this.destroy();
  }
}

const optionsOf = (session: Record<string, string>) =>
  Object.entries(session)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');

async function migrate(database: DataSource, schema: string): Promise<void> {
  const runner = database.createQueryRunner();
  try {
    await runner.connect();
    await runner.query('select pg_advisory_lock(hashtext($1))', [`farmbell migrations ${schema}`]);
    await runner.query(`create schema if not exists ${schema}`);
    await database.runMigrations({ transaction: 'each' });
  } finally {
    await runner.query('select pg_advisory_unlock_all()').catch(() => {});
    await runner.release();
  }
}
