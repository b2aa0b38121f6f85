import { createHash } from 'node:crypto';
import type { Metadata } from '@grpc/grpc-js';
import { ask, type Bus } from '#bus';
import { type Caller, Problem, tooManyGuesses } from '#contracts';
import { Guesses } from '#runtime';

const rememberedMs = 5000;
const most = 10_000;

/** What a call shows of its caller. */
interface Presented {
  token: string;
  account: string | undefined;
  /** Under which the answer is remembered: not the token itself. */
  key: string;
}

/** Who calls: the gateway knows tokens; its answer is remembered for a few seconds. */
export class Callers {
  private readonly known = new Map<string, { caller: Caller; until: number }>();
  private readonly guesses = new Guesses();
  /** A stream asks for each of its events, by the same metadata. */
  private readonly presented = new WeakMap<Metadata, Presented>();

  constructor(private readonly bus: Bus) {}

  /** The account that the call's token may publish to; `peer`: the address that calls. */
  async publisher(metadata: Metadata, peer: string): Promise<string> {
    let presented = this.presented.get(metadata);
    if (!presented) {
      presented = presentedBy(metadata);
      this.presented.set(metadata, presented);
    }
    const caller = await this.caller(presented, peer);
    if (!caller.admin && !caller.scopes.includes('publish'))
      throw new Problem(403, 'Forbidden', 'The token lacks the scope publish');
    return caller.account;
  }

  private async caller({ token, account, key }: Presented, peer: string): Promise<Caller> {
    const known = this.known.get(key);
    if (known && known.until > Date.now()) return known.caller;
    const isBad = (error: unknown) => error instanceof Problem && error.status === 401;
    const verify = () => this.verified(token, account);
    const ip = peer.replace(/:\d+$/, '');
    const guess = { ip, what: token, good: known !== undefined, verify, isBad, refusal: tooManyGuesses };
    const caller = await this.guesses.check(guess).catch((error) => {
      if (isBad(error)) this.known.delete(key);
      throw error;
    });
    if (this.known.size >= most) this.known.clear();
    this.known.set(key, { caller, until: Date.now() + rememberedMs });
    return caller;
  }

  private verified(token: string, account: string | undefined): Promise<Caller> {
    return ask(this.bus, 'gateway.token.verify', { token, ...(account && { account }) });
  }
}

function presentedBy(metadata: Metadata): Presented {
  const token = /^bearer (.+)$/i.exec(String(metadata.get('authorization')[0] ?? ''))?.[1];
  if (!token) throw new Problem(401, 'Unauthorized', 'Send the metadata `authorization: Bearer <token>`');
  const account = metadata.get('farmbell-account')[0]?.toString();
  const key = createHash('sha256')
    .update(`${account ?? ''}\n${token}`)
    .digest('base64');
  return { token, account, key };
}
