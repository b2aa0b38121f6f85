import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createPlaces } from '#bus';

/**
 * `trouble`: a delivery that was not delivered at its first attempt, one row, kept beyond its end. Whether and when it
 * counts follows from the row alone (`counts_at`), so that it cannot count twice, whatever is redelivered or restarted;
 * a row whose hour is still to come begins to count by itself. All of a row only ever grows one way (least, or, greatest):
 * the order of reports does not matter.
 */
class Health1700000000000 implements MigrationInterface {
  readonly name = 'Health1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['trouble', 'channel']) await runner.query(`drop table ${table}`);
  }
}

/** How far ATTEMPTS is counted: what an earlier version acked is read once more, which changes nothing. */
class HealthPlace1763720000000 implements MigrationInterface {
  readonly name = 'HealthPlace1763720000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(createPlaces);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table place');
  }
}

const statements = [
  `create table channel (
    id              text collate "C" primary key,
    account         text not null,
    epoch           bigint not null,
    warned_epoch    bigint,
    disabled_epoch  bigint,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    last_error      text,
    last_cause      text)`,
  // late_at: an hour after the first attempt. Undelivered then counts then, however it ends later; an end before counts
  // when it is a failure. blamed: some attempt was not the provider's own outage.
  `create table trouble (
    delivery     text collate "C" primary key,
    channel      text collate "C" not null,
    epoch        bigint not null,
    late_at      timestamptz not null,
    blamed       boolean not null,
    delivered_at timestamptz,
    failed_at    timestamptz,
    cancelled_at timestamptz,
    counts_at    timestamptz generated always as (case
      when not blamed then null
      when delivered_at is not null then case when delivered_at >= late_at then late_at end
      when failed_at is not null then least(failed_at, late_at)
      when cancelled_at < late_at then null
      else late_at end) stored)`,
  `create index trouble_window on trouble (channel, epoch, counts_at)`,
  `create index trouble_due on trouble (counts_at)`,
  `create index trouble_age on trouble (late_at)`,
];

export const migrations = [Health1700000000000, HealthPlace1763720000000];
