import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createPlaces } from '#bus';

/**
 * What people read. Names and ids are collated "C": cursors compare them byte by byte, on every machine alike.
 * `claim`: what the row's standing is worth against another message's (see standing.ts).
 */
class Journal1700000000000 implements MigrationInterface {
  readonly name = 'Journal1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['event', 'delivery', 'attempt', 'rejected']) await runner.query(`drop table ${table}`);
  }
}

/**
 * How far each stream is stored: what an earlier version acked is read once more, which changes nothing. And age, which only
 * retention asks for, by block ranges: rows come in its order, and a tree of it costs a write each.
 */
class JournalPlaces1763720000000 implements MigrationInterface {
  readonly name = 'JournalPlaces1763720000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(createPlaces);
    await runner.query('drop index event_age, delivery_age');
    await runner.query('create index event_age on event using brin (accepted_at) with (pages_per_range = 32)');
    await runner.query('create index delivery_age on delivery using brin (created_at) with (pages_per_range = 32)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table place');
    await runner.query('drop index event_age, delivery_age');
    await runner.query('create index event_age on event (accepted_at)');
    await runner.query('create index delivery_age on delivery (created_at)');
  }
}

const statements = [
  `create table event (
    account      text collate "C" not null,
    id           text collate "C" not null,
    seq          bigint not null,
    type         text collate "C" not null,
    printer      text collate "C",
    organization text collate "C",
    time         timestamptz not null,
    accepted_at  timestamptz not null,
    body         json not null,
    primary key (account, id))`,
  `create index event_newest on event (account, time desc, id desc)`,
  `create index event_type on event (account, type, time desc, id desc)`,
  `create index event_printer on event (account, printer, time desc, id desc) where printer is not null`,
  `create index event_organization on event (account, organization, time desc, id desc) where organization is not null`,
  `create index event_age on event (accepted_at)`,

  `create table delivery (
    id              text collate "C" primary key,
    account         text collate "C" not null,
    channel         text collate "C" not null,
    channel_type    text not null,
    event_id        text collate "C" not null,
    event_type      text collate "C" not null,
    outcome         text,
    reason          text,
    created_at      timestamptz not null,
    finished_at     timestamptz,
    next_attempt_at timestamptz,
    replay_of       text collate "C",
    folded_into     text collate "C",
    test            boolean not null,
    claim           text collate "C" not null)`,
  `create index delivery_newest on delivery (account, created_at desc, id desc)`,
  `create index delivery_channel on delivery (account, channel, created_at desc, id desc)`,
  `create index delivery_type on delivery (account, event_type, created_at desc, id desc)`,
  `create index delivery_event on delivery (account, event_id)`,
  // nearly all are delivered: who asks for the others must not read past those
  `create index delivery_trouble on delivery (account, created_at desc, id desc) where outcome <> 'delivered'`,
  `create index delivery_age on delivery (created_at)`,

  `create table attempt (
    delivery   text collate "C" not null,
    n          integer not null,
    at         timestamptz not null,
    latency_ms integer not null,
    status     integer,
    reason     text collate "C",
    answer     text collate "C" not null,
    primary key (delivery, n))`,

  `create table rejected (
    id      text collate "C" primary key,
    at      timestamptz not null,
    service text not null,
    subject text not null,
    account text collate "C",
    errors  json not null,
    body    text not null)`,
  `create index rejected_newest on rejected (at desc, id desc)`,
  `create index rejected_account on rejected (account, at desc, id desc)`,
];

/** Who acknowledged a delivery, and which ones a summary stands for. */
class JournalSummaries1763730000000 implements MigrationInterface {
  readonly name = 'JournalSummaries1763730000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `alter table delivery add column acknowledged_at timestamptz, add column acknowledged_by text collate "C"`,
    );
    await runner.query('create index delivery_folded on delivery (folded_into) where folded_into is not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index delivery_folded');
    await runner.query('alter table delivery drop column acknowledged_at, drop column acknowledged_by');
  }
}

/** Deliveries to send anew, and how far that is. */
class JournalReplays1763740000000 implements MigrationInterface {
  readonly name = 'JournalReplays1763740000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table replay (
        id         text primary key,
        account    text not null,
        channel    text collate "C" not null,
        delivery   text collate "C",
        since      timestamptz,
        until      timestamptz not null,
        types      text[],
        outcomes   text[],
        total      integer not null,
        done       integer not null default 0,
        state      text not null default 'running',
        reached_at timestamptz,
        reached_id text collate "C",
        created_at timestamptz not null default now());
      create index replay_running on replay (created_at) where state = 'running';
      create index replay_channel on replay (channel, created_at)`);
    await runner.query('create index delivery_replayed on delivery (channel, created_at) where replay_of is not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index delivery_replayed');
    await runner.query('drop table replay');
  }
}

/** What was sent out anew and is not heard of yet, and when that changed last. */
class JournalReplaysAhead1763830000000 implements MigrationInterface {
  readonly name = 'JournalReplaysAhead1763830000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `alter table replay add column ahead text[] not null default '{}', add column ahead_at timestamptz not null default now()`,
    );
    await runner.query('drop index delivery_replayed');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('create index delivery_replayed on delivery (channel, created_at) where replay_of is not null');
    await runner.query('alter table replay drop column ahead, drop column ahead_at');
  }
}

/** Accounts that were deleted, and when: what they had received by then is shown to nobody. */
class JournalDeletedAccounts1763840000000 implements MigrationInterface {
  readonly name = 'JournalDeletedAccounts1763840000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table deleted_account (account text collate "C" primary key, at timestamptz not null)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table deleted_account');
  }
}

/** The trace in which an event was published: what is sent anew of it goes on in that one. */
class JournalTraces1763850000000 implements MigrationInterface {
  readonly name = 'JournalTraces1763850000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table event add column trace text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table event drop column trace');
  }
}

/** What waits, of which there is little most of the time: who asks for it must not read past the rest. */
class JournalWaiting1763860000000 implements MigrationInterface {
  readonly name = 'JournalWaiting1763860000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index delivery_waiting on delivery (account, created_at desc, id desc) where outcome is null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index delivery_waiting');
  }
}

export const migrations = [
  Journal1700000000000,
  JournalPlaces1763720000000,
  JournalSummaries1763730000000,
  JournalReplays1763740000000,
  JournalReplaysAhead1763830000000,
  JournalDeletedAccounts1763840000000,
  JournalTraces1763850000000,
  JournalWaiting1763860000000,
];
