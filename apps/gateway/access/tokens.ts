import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { v7 } from 'uuid';
import { notFound, type Page } from '#contracts';
import { Database } from '#runtime';
import { page, placeOf } from '../http/page.js';
import { Callers, hashOf } from './callers.js';
import { TokenRow, type TokenScope } from './rows.js';

export interface TokenView {
  id: string;
  name: string;
  scopes: TokenScope[];
  created_at: string;
  expires_at: string | null;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const viewOf = ({ id, name, scopes, created_at, expires_at }: TokenRow): TokenView => ({
  id,
  name,
  scopes,
  created_at: created_at.toISOString(),
  expires_at: expires_at?.toISOString() ?? null,
});

/** The tokens of accounts: made, listed, revoked. */
@Injectable()
export class Tokens {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Callers) private readonly callers: Callers,
  ) {}

  private get rows() {
    return this.database.getRepository(TokenRow);
  }

  async list(account: string, limit: number, cursor: string | undefined): Promise<Page<TokenView>> {
    const after = placeOf(cursor);
    const query = this.rows.createQueryBuilder('t').where('t.account = :account', { account });
    if (after) query.andWhere('(t.created_at, t.id::text) > (:at::timestamptz, :id)', after);
    const rows = await query
      .orderBy('t.created_at')
      .addOrderBy('t.id')
      .limit(limit + 1)
      .getMany();
    return page(rows, limit, (row) => ({ at: row.created_at.toISOString(), id: row.id }), viewOf);
  }

  /** A new token; the answer shows it, and nothing else ever does. */
  async create(
    account: string,
    given: { name: string; scopes: TokenScope[]; expires_at?: string | null },
  ): Promise<TokenView & { token: string }> {
    const token = `fb_${randomBytes(32).toString('base64url')}`;
    const id = v7();
    const expires_at = given.expires_at ? new Date(given.expires_at) : null;
    await this.rows.insert({ id, account, name: given.name, scopes: given.scopes, hash: hashOf(token), expires_at });
    return { ...viewOf(await this.rows.findOneByOrFail({ id })), token };
  }

  async revoke(account: string, id: string): Promise<void> {
    const gone = uuid.test(id) ? (await this.rows.delete({ account, id })).affected : 0;
    if (!gone) throw notFound('token', id);
    this.callers.forgetToken(id);
  }
}
