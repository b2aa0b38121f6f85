import type { MigrationInterface, QueryRunner } from 'typeorm';
import { AppConnections1763790000000 } from './app-connections/migration.js';
import { QuietHours1763800000000 } from './quiet/migration.js';
import { QuietWindows1763820000000 } from './quiet/windows-migration.js';

class Channels1763700000000 implements MigrationInterface {
  name = 'Channels1763700000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table channel (
        id text primary key,
        account text not null,
        name text not null,
        type text not null,
        organization text,
        enabled boolean not null,
        version int not null,
        epoch int not null,
        lane int not null,
        events jsonb not null,
        min_severity text,
        printers jsonb not null,
        tags jsonb not null,
        retry jsonb not null,
        expires_after_s int not null,
        auto_disable jsonb not null,
        sealed text not null,
        shown jsonb not null,
        disabled_reason text,
        copied_version int not null default 0,
        deleted boolean not null default false,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
      );
      create index channel_account on channel (account);
      create index channel_uncopied on channel (id) where deleted or copied_version < version;
      create table organization (
        account text not null,
        id text not null,
        name text not null,
        primary key (account, id)
      );
      create table printer (
        account text not null,
        id text not null,
        name text,
        model text,
        tags jsonb not null default '[]',
        location text,
        organization text,
        primary key (account, id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table channel, organization, printer');
  }
}

/** Channels of before get what their type has by default; their copies are made anew. */
class Progress1763730000000 implements MigrationInterface {
  name = 'Progress1763730000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table channel add column progress text not null default 'post', add column progress_every jsonb;
      update channel set progress = 'edit' where type in ('discord', 'telegram');
      update channel set progress_every = '{"percent": 10, "seconds": 3600}' where type <> 'webhook';
      update channel set version = version + 1;
      alter table channel alter column progress drop default`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table channel drop column progress, drop column progress_every');
  }
}

/** Printers and organizations as users manage them: no row names an organization that is not there. */
class Registrations1763760000000 implements MigrationInterface {
  name = 'Registrations1763760000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table organization
        add column made_by text,
        add column created_at timestamptz not null default now();
      alter table printer
        add column made_by text,
        add column version int not null default 1,
        add column copied_version int not null default 0,
        add column deleted boolean not null default false,
        add column created_at timestamptz not null default now(),
        add constraint printer_organization foreign key (account, organization) references organization (account, id);
      create index printer_of_organization on printer (account, organization);
      create index printer_uncopied on printer (account, id) where deleted or copied_version < version;
      alter table channel
        add constraint channel_organization foreign key (account, organization) references organization (account, id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table channel drop constraint channel_organization;
      drop index printer_of_organization, printer_uncopied;
      alter table printer drop constraint printer_organization,
        drop column made_by, drop column version, drop column copied_version, drop column deleted, drop column created_at;
      alter table organization drop column made_by, drop column created_at`);
  }
}

export const migrations = [
  Channels1763700000000,
  Progress1763730000000,
  Registrations1763760000000,
  AppConnections1763790000000,
  QuietHours1763800000000,
  QuietWindows1763820000000,
];
