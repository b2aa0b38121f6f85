import type { EntityManager, MigrationInterface, QueryRunner } from 'typeorm';
import type { ChannelType } from '#contracts';
import type { Database } from '#runtime';

export class Fence1764000000000 implements MigrationInterface {
  name = 'Fence1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'create table fence (type text not null, lane int not null, raised bigint not null, primary key (type, lane))',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table fence');
  }
}

/**
 * Fencing tokens: each taking of a lane raises its fence, and who raised it last alone writes rows of that lane. By clocks alone a
 * process that stood still, or a statement that was long on its way, would bring back what the lane's next owner has ended.
 */
export class Fences {
  /** As last looked at: before a lease was asked for. */
  private seen = new Map<number, number>();
  /** Raised by this process. */
  private readonly mine = new Map<number, number>();

  constructor(
    private readonly database: Database,
    private readonly type: ChannelType,
  ) {}

  /** Before leases are asked for: a fence that is raised after this look was raised by whoever took the lane first. */
  async look(): Promise<void> {
    const rows = await this.database.rows<{ lane: number; raised: string }>('select lane, raised from fence where type = $1', [
      this.type,
    ]);
    this.seen = new Map(rows.map(({ lane, raised }) => [lane, Number(raised)]));
  }

  /** Once their leases are held: from now on what their last owners had under way is not stored. Throws where another was faster. */
  async raise(lanes: number[]): Promise<void> {
    const seen = lanes.map((lane) => this.seen.get(lane) ?? 0);
    const raised = await this.database.rows<{ lane: number; raised: string }>(
      `insert into fence (type, lane, raised)
       select $1, lane, seen + 1 from unnest($2::int[], $3::bigint[]) as given (lane, seen)
       on conflict (type, lane) do update set raised = excluded.raised where fence.raised = excluded.raised - 1
       returning lane, raised`,
      [this.type, lanes, seen],
    );
    for (const { lane, raised: to } of raised) this.mine.set(lane, Number(to));
    const others = lanes.filter((lane) => !raised.some((one) => one.lane === lane));
    if (others.length > 0)
      throw new Error(`lanes ${others.join(', ')} of ${this.type} are being taken by another process: they are asked for again`);
  }

  async holds(lane: number): Promise<boolean> {
    return (await this.held([lane])).length > 0;
  }

  /** This process's own, as stillMine() takes them. */
  get values(): [lanes: number[], raised: number[]] {
    return [[...this.mine.keys()], [...this.mine.values()]];
  }

  /** Which of these lanes nobody else has taken since; they stay so until the transaction ends. */
  async held(lanes: number[], manager: EntityManager = this.database.manager): Promise<number[]> {
    const rows: { lane: number }[] = await manager.query(stillMine('$1', '$2', '$3'), [this.type, ...this.values]);
    return rows.map(({ lane }) => lane).filter((lane) => lanes.includes(lane));
  }
}

/** Selects the lanes whose fence stands as this process raised it, and keeps it so until the statement's end. */
export const stillMine = (type: string, lanes: string, raised: string): string =>
  `select fence.lane from fence join unnest(${lanes}::int[], ${raised}::bigint[]) as mine (lane, raised) using (lane, raised)
   where fence.type = ${type} for share of fence`;
