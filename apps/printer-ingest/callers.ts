import { createHash } from 'node:crypto';
import type { Metadata } from '@grpc/grpc-js';
import { ask, type Bus } from '#bus';
import { type Caller, Problem } from '#contracts';
import { Buckets } from '#runtime';

const rememberedMs = 5000;
const most = 10_000;

/** Who calls: the gateway knows tokens; its answer is remembered for a few seconds. */
export class Callers {
  private readonly known = new Map<string, { caller: Caller; until: number }>();
  // an address that keeps guessing gets one guess a second
  private readonly guesses = new Buckets(1, 20);

  constructor(private readonly bus: Bus) {}

  /** The account that the call's token may publish to; `peer`: the address that calls. */
  async publisher(metadata: Metadata, peer: string): Promise<string> {
    const token = /^bearer (.+)$/i.exec(String(metadata.get('authorization')[0] ?? ''))?.[1];
    if (!token) throw new Problem(401, 'Unauthorized', 'Send the metadata `authorization: Bearer <token>`');
    const account = metadata.get('farmbell-account')[0]?.toString();
    const caller = await this.caller(token, account, peer.replace(/:\d+$/, ''));
    if (!caller.admin && !caller.scopes.includes('publish'))
      throw new Problem(403, 'Forbidden', 'The token lacks the scope publish');
    return caller.account;
  }

  private async caller(token: string, account: string | undefined, address: string): Promise<Caller> {
    const key = createHash('sha256')
      .update(`${account ?? ''}\n${token}`)
      .digest('base64');
    const known = this.known.get(key);
    if (known && known.until > Date.now()) return known.caller;
    // one that was good lately is let through to be checked, however many bad ones its address sent
    const wait = known ? 0 : this.guesses.take(address);
    if (wait > 0) {
      const detail = `This address sent too many bad tokens; wait ${wait} s before the next`;
      throw new Problem(429, 'Too many requests', detail, undefined, wait);
    }
    const caller = await this.verified(token, account).catch((error) => {
      const bad = error instanceof Problem && error.status === 401;
      if (bad) this.known.delete(key);
      if (!known && !bad) this.guesses.give(address);
      throw error;
    });
    if (!known) this.guesses.give(address);
    if (this.known.size >= most) this.known.clear();
    this.known.set(key, { caller, until: Date.now() + rememberedMs });
    return caller;
  }

  private verified(token: string, account: string | undefined): Promise<Caller> {
    return ask(this.bus, 'gateway.token.verify', { token, ...(account && { account }) });
  }
}
