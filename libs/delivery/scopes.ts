/** What a provider counts by, and what it bears. */
export interface Limit {
  key: string;
  /** Calls under way at once. */
  atOnce?: number;
  /** So many calls in so many ms, each. */
  rates?: readonly (readonly [calls: number, ms: number])[];
}

export interface Entry {
  limits: readonly Limit[];
  /** What may be woken together: the channel. */
  group: string;
  /** Before the others that wait. */
  first?: boolean;
  /** Waits no longer than until then, ms since the epoch. */
  until?: number;
}

/** Leaves the scopes again: the call is over, or was not made. */
export type Leave = (called: boolean) => void;

interface Waiter {
  group: string;
  /** Lets it in, or wakes it without. */
  decide: (enters: boolean) => void;
}

/** When a call begins: set again when it has passed the wider scopes too. */
interface Stamp {
  at: number;
}

class Scope {
  pausedUntil = 0;
  readonly waiters: Waiter[] = [];
  timer: NodeJS.Timeout | undefined;
  private underWay = 0;
  /** The last calls, the oldest first: as many as the rates ask for. */
  private begun: Stamp[] = [];

  constructor(public limit: Limit) {}

  /** When the next call may begin; Infinity: when one under way has ended. */
  nextAt(): number {
    if (this.underWay >= (this.limit.atOnce ?? Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY;
    const { rates = [] } = this.limit;
    return Math.max(
      this.pausedUntil,
      ...rates.map(([calls, ms]) => (this.begun.at(-calls)?.at ?? Number.NEGATIVE_INFINITY) + ms),
    );
  }

  begin(at: number): Stamp {
    const stamp = { at };
    this.underWay++;
    this.begun.push(stamp);
    const most = Math.max(0, ...(this.limit.rates ?? []).map(([calls]) => calls));
    if (this.begun.length > most) this.begun.shift();
    return stamp;
  }

  end(stamp: Stamp, called: boolean): void {
    this.underWay--;
    if (!called) this.begun = this.begun.filter((one) => one !== stamp);
  }

  unusedSince(before: number): boolean {
    return this.underWay === 0 && this.waiters.length === 0 && Math.max(this.pausedUntil, this.begun.at(-1)?.at ?? 0) < before;
  }
}

const forgetMs = 120_000;
const sweepEvery = 1000;

/**
 * The providers' limits, as this process must obey them: a call enters every scope that it counts in, the narrowest first, and
 * waits there in the order of arrival. A pause holds a scope and nothing else.
 */
export class Scopes {
  private readonly scopes = new Map<string, Scope>();
  private left = 0;

  constructor(private readonly now: () => number = Date.now) {}

  /** Resolves with the way out when the call may be made; with undefined when it was woken before, or `until` is over. */
  async enter({ limits, group, first = false, until }: Entry): Promise<Leave | undefined> {
    const held: [Scope, Stamp][] = [];
    const leave = (called: boolean) => {
      for (const [scope, stamp] of held) {
        scope.end(stamp, called);
        this.next(scope);
      }
      if (called) this.sweep();
    };
    for (const limit of limits) {
      const scope = this.scopeOf(limit);
      const stamp = await this.pass(scope, group, first, until);
      if (!stamp) {
        leave(false);
        return undefined;
      }
      held.push([scope, stamp]);
    }
    // an inner scope's rate counts from the call, however long the outer ones took, and it may be paused by now
    for (const [, stamp] of held) stamp.at = this.now();
    if (this.pausedMs(limits) <= 0) return leave;
    leave(false);
    return this.enter({ limits, group, first: true, until });
  }

  /** Holds all that counts by this key; a longer hold stays. */
  pause(key: string, ms: number): void {
    const scope = this.scopeOf({ key });
    scope.pausedUntil = Math.max(scope.pausedUntil, this.now() + ms);
    this.next(scope);
  }

  /** For how long these limits are paused by their provider, ms. */
  pausedMs(limits: readonly Limit[]): number {
    return Math.max(0, ...limits.map(({ key }) => (this.scopes.get(key)?.pausedUntil ?? 0) - this.now()));
  }

  /** Wakes what waits for one group, or for all: it looks again at what it waits for. */
  wake(group?: string): void {
    for (const scope of this.scopes.values())
      for (const waiter of scope.waiters.filter((one) => group === undefined || one.group === group)) waiter.decide(false);
  }

  private scopeOf(limit: Limit): Scope {
    const known = this.scopes.get(limit.key);
    if (known) {
      if (limit.rates || limit.atOnce) known.limit = limit;
      return known;
    }
    const scope = new Scope(limit);
    this.scopes.set(limit.key, scope);
    return scope;
  }

  private async pass(scope: Scope, group: string, first: boolean, until = Number.POSITIVE_INFINITY): Promise<Stamp | undefined> {
    if (scope.waiters.length === 0 && scope.nextAt() <= this.now()) return scope.begin(this.now());
    let late: NodeJS.Timeout | undefined;
    const stamp = await new Promise<Stamp | undefined>((resolve) => {
      const waiter: Waiter = {
        group,
        decide: (enters) => {
          scope.waiters.splice(scope.waiters.indexOf(waiter), 1);
          resolve(enters ? scope.begin(this.now()) : undefined);
        },
      };
      if (first) scope.waiters.unshift(waiter);
      else scope.waiters.push(waiter);
      late = setTimeout(() => scope.waiters.includes(waiter) && waiter.decide(false), timerMs(until - this.now() + 1)).unref();
      this.next(scope);
    });
    clearTimeout(late);
    return stamp;
  }

  /** Lets in who may, in order, and sees to it that the next one is let in when its time comes. */
  private next(scope: Scope): void {
    clearTimeout(scope.timer);
    while (scope.waiters.length > 0 && scope.nextAt() <= this.now()) scope.waiters[0]!.decide(true);
    const at = scope.waiters.length > 0 ? scope.nextAt() : Number.POSITIVE_INFINITY;
    if (at < Number.POSITIVE_INFINITY) scope.timer = setTimeout(() => this.next(scope), timerMs(at - this.now())).unref();
  }

  /** Forgets scopes that nobody uses. */
  private sweep(): void {
    if (++this.left % sweepEvery !== 0) return;
    const before = this.now() - forgetMs;
    for (const [key, scope] of this.scopes) if (scope.unusedSince(before)) this.scopes.delete(key);
  }
}

/** What a timer can hold: Infinity would ring at once. */
const timerMs = (ms: number) => Math.min(Math.max(ms, 1), 2 ** 31 - 1);
