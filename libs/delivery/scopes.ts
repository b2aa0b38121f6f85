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
  /** Told when it must wait. */
  waits?: () => void;
}

/** Leaves the scopes again: the call is over, or was not made. */
export type Leave = (called: boolean) => void;

/** One that is on its way in. */
interface Waiter {
  group: string;
  first: boolean;
  waits?: (() => void) | undefined;
  /** It is to look again, even if it passes from one scope to the next just now. */
  woken: boolean;
  /** While it waits in a scope: lets it in, or wakes it without. */
  decide?: (enters: boolean) => void;
}

/** A call's place in a scope, and when it was made: undefined while it waits in a wider one. */
interface Stamp {
  at?: number;
}

class Scope {
  pausedUntil = 0;
  readonly waiters: Waiter[] = [];
  timer: NodeJS.Timeout | undefined;
  private underWay = 0;
  /** Those of them that wait in a wider scope yet: they count as the newest calls of all. */
  private coming = 0;
  /** The last calls, the oldest first: as many as the rates ask for. */
  private begun: Required<Stamp>[] = [];

  constructor(public limit: Limit) {}

  /** When the next call may begin; Infinity: when one under way has ended, or is made. */
  nextAt(): number {
    if (this.underWay >= (this.limit.atOnce ?? Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY;
    const { rates = [] } = this.limit;
    return Math.max(this.pausedUntil, ...rates.map(([calls, ms]) => this.callAt(calls) + ms));
  }

  letIn(): Stamp {
    this.underWay++;
    this.coming++;
    return {};
  }

  begin(stamp: Stamp, at: number): void {
    this.coming--;
    this.begun.push(Object.assign(stamp, { at }));
    const most = Math.max(0, ...(this.limit.rates ?? []).map(([calls]) => calls));
    if (this.begun.length > most) this.begun.shift();
  }

  end(stamp: Stamp, called: boolean): void {
    this.underWay--;
    if (stamp.at === undefined) this.coming--;
    else if (!called) this.begun = this.begun.filter((one) => one !== stamp);
  }

  /** When the last but so many calls was made. */
  private callAt(calls: number): number {
    if (calls <= this.coming) return Number.POSITIVE_INFINITY;
    return this.begun.at(this.coming - calls)?.at ?? Number.NEGATIVE_INFINITY;
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
  private readonly entering = new Set<Waiter>();
  private left = 0;

  constructor(private readonly now: () => number = Date.now) {}

  /** Resolves with the way out when the call may be made; with undefined when it was woken before, or `until` is over. */
  async enter({ limits, group, first = false, until, waits }: Entry): Promise<Leave | undefined> {
    const waiter: Waiter = { group, first, waits, woken: false };
    this.entering.add(waiter);
    try {
      return await this.passAll(limits, waiter, until);
    } finally {
      this.entering.delete(waiter);
    }
  }

  private async passAll(limits: readonly Limit[], waiter: Waiter, until?: number): Promise<Leave | undefined> {
    for (;;) {
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
        const stamp = await this.pass(scope, waiter, until);
        if (!stamp) {
          leave(false);
          return undefined;
        }
        held.push([scope, stamp]);
      }
      if (this.pausedMs(limits) <= 0) {
        for (const [scope, stamp] of held) {
          scope.begin(stamp, this.now());
          this.next(scope);
        }
        return leave;
      }
      // an inner scope was paused while this one waited in a wider one, which is others' meanwhile
      leave(false);
      waiter.first = true;
    }
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

  /** How many wait in a scope. */
  get waiting(): number {
    let count = 0;
    for (const { decide } of this.entering) if (decide) count++;
    return count;
  }

  /** Wakes what waits for one group, or for all: it looks again at what it waits for. */
  wake(group?: string): void {
    for (const waiter of this.entering) {
      if (group !== undefined && waiter.group !== group) continue;
      waiter.woken = true;
      waiter.decide?.(false);
    }
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

  private async pass(scope: Scope, waiter: Waiter, until = Number.POSITIVE_INFINITY): Promise<Stamp | undefined> {
    if (waiter.woken) return undefined;
    if (scope.waiters.length === 0 && scope.nextAt() <= this.now()) return scope.letIn();
    waiter.waits?.();
    let late: NodeJS.Timeout | undefined;
    const stamp = await new Promise<Stamp | undefined>((resolve) => {
      waiter.decide = (enters) => {
        waiter.decide = undefined;
        scope.waiters.splice(scope.waiters.indexOf(waiter), 1);
        resolve(enters ? scope.letIn() : undefined);
      };
      // behind those that are first too
      const behind = waiter.first ? scope.waiters.findIndex((one) => !one.first) : -1;
      scope.waiters.splice(behind < 0 ? scope.waiters.length : behind, 0, waiter);
      late = setTimeout(() => scope.waiters.includes(waiter) && waiter.decide?.(false), timerMs(until - this.now() + 1)).unref();
      this.next(scope);
    });
    clearTimeout(late);
    return stamp;
  }

  /** Lets in who may, in order, and sees to it that the next one is let in when its time comes. */
  private next(scope: Scope): void {
    clearTimeout(scope.timer);
    while (scope.waiters.length > 0 && scope.nextAt() <= this.now()) scope.waiters[0]!.decide!(true);
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
