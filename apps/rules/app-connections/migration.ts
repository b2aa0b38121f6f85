import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AppConnections1763790000000 implements MigrationInterface {
  name = 'AppConnections1763790000000';

  async up(runner: QueryRunner): Promise<void> {
    // milliseconds, as the API and JavaScript know them: an end that was read is found again
    await runner.query(`
      create table app_connection (
        id text primary key,
        account text not null,
        name text not null,
        printer_id text not null,
        hash bytea not null unique,
        channel_id text,
        next_channel_id text not null,
        expires_at timestamptz(3),
        announced_at timestamptz(3),
        expired boolean not null default false,
        created_at timestamptz(3) not null default now()
      );
      create index app_connection_account on app_connection (account);
      create index app_connection_end on app_connection (expires_at);
      create index app_connection_to_announce on app_connection (expires_at) where announced_at is null`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table app_connection');
  }
}
