import type { MigrationInterface, QueryRunner } from 'typeorm';

export class QuietHours1763800000000 implements MigrationInterface {
  name = 'QuietHours1763800000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table quiet_hours (
        account text not null,
        organization text not null,
        settings jsonb not null,
        updated_at timestamptz not null default now(),
        primary key (account, organization)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table quiet_hours');
  }
}
