import { Buckets } from './bucket.js';

export interface Guess<T> {
  /** Whose guess it is. */
  ip: string;
  /** What was guessed, e.g. a token's hash: the same one many times at once is one guess. */
  what: string;
  /** Whether it was good lately: such a one is let through to be checked, however many bad ones its address sent. */
  good: boolean;
  verify: () => Promise<T>;
  isBad: (error: unknown) => boolean;
  /** Thrown where the address has to wait for so many seconds. */
  refusal: (waitS: number) => Error;
}

/** An address that keeps guessing, tokens of whatever kind, gets one guess a second. */
export class Guesses {
  private readonly left = new Buckets(1, 20);
  private readonly underWay = new Map<string, number>();

  async check<T>({ ip, what, good, verify, isBad, refusal }: Guess<T>): Promise<T> {
    const key = `${ip} ${what}`;
    const counts = !good && !this.underWay.has(key);
    // taken before the check and given back after it: many at once are counted too
    const wait = counts ? this.left.take(ip) : 0;
    if (wait > 0) throw refusal(wait);
    this.underWay.set(key, (this.underWay.get(key) ?? 0) + 1);
    let bad = false;
    try {
      return await verify();
    } catch (error) {
      bad = isBad(error);
      throw error;
    } finally {
      const others = this.underWay.get(key)! - 1;
      if (others > 0) this.underWay.set(key, others);
      else this.underWay.delete(key);
      if (bad && !counts) this.left.take(ip);
      if (!bad && counts) this.left.give(ip);
    }
  }
}
