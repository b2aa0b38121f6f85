import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus';
import { Database } from '#runtime';
import { AccountRow } from './rows.js';

/** Keeps the ACCOUNTS bucket equal to the rows: printer-ingest sees there which accounts a bare NATS publisher may name. */
@Injectable()
export class AccountCopies implements OnModuleInit {
  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Database) private readonly database: Database,
  ) {}

  /** What a crash left out, and all of it for a new broker under an old database. */
  async onModuleInit(): Promise<void> {
    const bucket = await this.bus.bucket('ACCOUNTS');
    const rows = await this.database.getRepository(AccountRow).find({ select: { id: true } });
    const there = new Set<string>();
    for await (const id of await bucket.keys()) there.add(id);
    const wanted = new Set(rows.map((row) => row.id));
    await Promise.all([...wanted].filter((id) => !there.has(id)).map((id) => bucket.put(id, '')));
    await Promise.all([...there].filter((id) => !wanted.has(id)).map((id) => bucket.delete(id)));
  }

  async put(id: string): Promise<void> {
    await (await this.bus.bucket('ACCOUNTS')).put(id, '');
  }

  async remove(id: string): Promise<void> {
    await (await this.bus.bucket('ACCOUNTS')).delete(id);
  }
}
