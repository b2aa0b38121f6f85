import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { accountPattern, type Caller, Problem } from '#contracts';
import { CONFIG, Database, need, type Settings } from '#runtime';
import { Remembered } from './remembered.js';
import { AccountRow, TokenRow, tokenScopes } from './rows.js';

/** The account of a fresh installation, and of the admin token when no header names another. */
export const defaultAccount = 'default';
export const tokenPattern = /^fb_[A-Za-z0-9_-]{43}$/;
export const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

const unauthorized = (detail: string) => new Problem(401, 'Unauthorized', detail);
const cure = "send Authorization: Bearer <token>, with a token made by POST /v1/tokens or the installation's admin token";

/** `Bearer <token>` of a request's header. */
export function bearer(header: string | string[] | undefined): string {
  if (header === undefined) throw unauthorized(`No token was sent: ${cure}`);
  const token = /^Bearer +(\S+) *$/i.exec(String(header))?.[1];
  if (!token) throw unauthorized(`The Authorization header is not of the form Bearer <token>: ${cure}`);
  return token;
}

/** Says whose a token is: for this gateway's routes and, by the ask `gateway.token.verify`, for gRPC. */
@Injectable()
export class Callers {
  private readonly adminHash: Buffer;
  private readonly tokens = new Remembered<TokenRow>();
  private readonly accounts = new Remembered<AccountRow>();

  constructor(
    @Inject(CONFIG) config: Settings,
    @Inject(Database) private readonly database: Database,
  ) {
    this.adminHash = hashOf(need(config, 'FARMBELL_ADMIN_TOKEN'));
  }

  /** `account`: the one that the caller asks to act on. Throws a Problem 401, 403 or 404. */
  async verify(token: string, account?: string): Promise<Caller> {
    if (this.isAdmin(token)) return { account: await this.existing(account), scopes: [...tokenScopes], admin: true };
    const row = await this.tokenRow(token);
    if (!row) throw unauthorized(`The token is not known, or was revoked: ${cure}`);
    if (row.expires_at !== null && row.expires_at.getTime() <= Date.now()) {
      throw unauthorized(`The token expired at ${row.expires_at.toISOString()}: make a new one with POST /v1/tokens`);
    }
    if (account !== undefined && account !== row.account) {
      throw new Problem(
        403,
        'Forbidden',
        `The token is of another account than ${account.slice(0, 80)}: leave Farmbell-Account out, or use a token of that account`,
      );
    }
    return { account: row.account, scopes: row.scopes, admin: false };
  }

  /** Whether it was good lately: such a token is let through to be checked, however many bad ones its address sent. */
  seemsGood(token: string): boolean {
    return this.isAdmin(token) || this.tokens.has(hashOf(token).toString('base64'));
  }

  /** A revoked token, or all of a deleted account: they must not stand in for what the database said last. */
  forgetToken(id: string): void {
    this.tokens.forget((row) => row.id === id);
  }
  forgetAccount(id: string): void {
    this.tokens.forget((row) => row.account === id);
    this.accounts.forget((row) => row.id === id);
  }

  private isAdmin(token: string): boolean {
    return timingSafeEqual(hashOf(token), this.adminHash);
  }

  private async tokenRow(token: string): Promise<TokenRow | null> {
    if (!tokenPattern.test(token)) return null;
    const hash = hashOf(token);
    return this.tokens.read(hash.toString('base64'), () => this.database.getRepository(TokenRow).findOneBy({ hash }));
  }

  private async existing(account = defaultAccount): Promise<string> {
    if (account === defaultAccount) return account;
    const row =
      accountPattern.test(account) &&
      (await this.accounts.read(account, () => this.database.getRepository(AccountRow).findOneBy({ id: account })));
    if (row) return account;
    throw new Problem(
      404,
      'Not found',
      `Account ${account.slice(0, 80)}, named by Farmbell-Account, does not exist: see GET /v1/accounts`,
    );
  }
}
