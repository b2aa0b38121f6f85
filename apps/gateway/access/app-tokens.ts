import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { ask, Bus } from '#bus';
import { type AppCaller, appRefusals, Problem, tooManyGuesses } from '#contracts';
import { Guesses } from '#runtime';
import { Accounts } from './accounts.js';
import { hashOf } from './callers.js';
import { Remembered } from './remembered.js';

const tokenPattern = /^fba_[A-Za-z0-9_-]{43}$/;
const hashText = (token: string): string => hashOf(token).toString('base64url');
const hasStatus = (error: unknown, status: number): boolean => error instanceof Problem && error.status === status;

/** A new app token, and what is kept of it. */
export function newAppToken(): { token: string; hash: string } {
  const token = `fba_${randomBytes(32).toString('base64url')}`;
  return { token, hash: hashText(token) };
}

/** Says whom an AppToken stands for. Rules knows the tokens' hashes, the gateway the accounts' plans. */
@Injectable()
export class AppTokens {
  private readonly known = new Remembered<AppCaller>();

  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Guesses) private readonly guesses: Guesses,
    @Inject(Accounts) private readonly accounts: Accounts,
  ) {}

  async verify(ip: string, token: string): Promise<AppCaller> {
    const hash = hashText(token);
    return this.guesses.check({
      ip,
      what: hash,
      good: this.known.has(hash),
      verify: () => this.caller(token, hash),
      isBad: (error) => hasStatus(error, 606),
      refusal: tooManyGuesses,
    });
  }

  private async caller(token: string, hash: string): Promise<AppCaller> {
    const asked = () =>
      ask(this.bus, 'rules.app.verify', { hash }).catch((error) => {
        if (hasStatus(error, 606)) return null;
        throw error;
      });
    const caller = tokenPattern.test(token) ? await this.known.read(hash, asked) : null;
    if (!caller) throw appRefusals.badToken();
    return caller;
  }

  /** Does what needs the plan commercial, in this API's words where the account has not got it. */
  async commercially<T>({ account }: AppCaller, act: () => Promise<T>): Promise<T> {
    return this.accounts.commercially(account, 'App connections', act).catch((error) => {
      if (hasStatus(error, 403)) throw appRefusals.hobby();
      // the account was deleted
      throw hasStatus(error, 404) ? appRefusals.badToken() : error;
    });
  }
}
