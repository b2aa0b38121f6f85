import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What quiet hours hold back: windows, what is suppressed in each, and the digest of each that has ended, until it is told. */
export class QuietWindows1763820000000 implements MigrationInterface {
  name = 'QuietWindows1763820000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table channel add column quiet_hours jsonb;
      create table quiet_window (
        channel text not null,
        starts timestamptz not null,
        account text not null,
        ends timestamptz not null,
        closed_at timestamptz,
        primary key (channel, starts)
      );
      create index quiet_window_open on quiet_window (ends) where closed_at is null;
      create index quiet_window_account on quiet_window (account) where closed_at is null;
      create index quiet_window_closed on quiet_window (closed_at);
      create table suppressed (
        delivery text primary key,
        channel text not null,
        starts timestamptz not null,
        type text not null,
        severity text not null,
        title text not null,
        time timestamptz not null,
        foreign key (channel, starts) references quiet_window (channel, starts) on delete cascade
      );
      create index suppressed_window on suppressed (channel, starts);
      create table digest (
        channel text not null,
        starts timestamptz not null,
        event json not null,
        made_at timestamptz not null default now(),
        told_at timestamptz,
        primary key (channel, starts),
        foreign key (channel, starts) references quiet_window (channel, starts) on delete cascade
      );
      create index digest_untold on digest (made_at) where told_at is null`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table digest, suppressed, quiet_window; alter table channel drop column quiet_hours');
  }
}
