import type { MigrationInterface, QueryRunner } from 'typeorm';

class Accounts1767225600000 implements MigrationInterface {
  name = 'Accounts1767225600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table account (
        id text primary key,
        name text not null,
        plan text not null check (plan in ('hobby', 'commercial')),
        created_at timestamptz(3) not null default now()
      );
      insert into account (id, name, plan) values ('default', 'Default', 'commercial');

      create table token (
        id uuid primary key,
        account text not null references account on delete cascade,
        name text not null,
        scopes text[] not null,
        hash bytea not null unique, -- sha256 of the token, which itself is shown once and kept nowhere
        created_at timestamptz(3) not null default now(),
        expires_at timestamptz(3)
      );
      create index on token (account, created_at, id);

      create table idempotency (
        account text not null references account on delete cascade,
        route text not null, -- method and path
        key text not null,
        body_hash bytea not null,
        started_at timestamptz not null default now(),
        status int, -- null while the first request is under way
        answer text,
        primary key (account, route, key)
      );
      create index on idempotency (started_at);`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table idempotency; drop table token; drop table account');
  }
}

/** Channels follow their account's plan; those of an account that was hobby before have not. */
class PlansTold1767312000000 implements MigrationInterface {
  name = 'PlansTold1767312000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table account add column plan_told boolean not null default false;
      update account set plan_told = (plan = 'commercial');
      create index account_untold on account (id) where not plan_told`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table account drop column plan_told');
  }
}

export const migrations = [Accounts1767225600000, PlansTold1767312000000];
