/** Fresh deliveries are there while the last came so shortly ago. */
const freshMs = 250;
/** Of what is behind, so many begin at once, and the next after that time: 250 a second. */
const portion = 4;
const everyMs = 16;
/** For each that comes to what is behind and could begin, so many more: it gets less while the machine has room, however much comes. */
const forEachParked = 2;

/**
 * Backlogs yield to the fresh deliveries of others: beside those they go on a few at a time. Small portions cost the fresh ones
 * least (their 95th percentile, at the same rate: 1.1 of what it is alone); one by one, each pays the system calls of a portion.
 */
export class Yielding<T> {
  private freshAt = 0;
  private nextAt = 0;
  private left = 0;
  private parked = 0;
  private timer?: NodeJS.Timeout;
  private readonly asking = new Set<T>();

  /** `again` is called with whoever was not allowed, when it may ask again; in the order of asking. */
  constructor(
    private readonly again: (who: T) => void,
    private readonly now: () => number = Date.now,
  ) {}

  /** A delivery has come that does not wait behind others. */
  hasFresh(): void {
    this.freshAt = this.now();
  }

  /** One more is behind, of a channel that could begin more at once. */
  hasParked(): void {
    this.parked++;
  }

  get besideFresh(): boolean {
    return this.now() - this.freshAt < freshMs;
  }

  /** Whether one that is behind may begin now. */
  allows(who: T): boolean {
    if (this.hasLeft()) {
      this.left--;
      return true;
    }
    this.asking.add(who);
    this.askLater();
    return false;
  }

  private hasLeft(): boolean {
    if (!this.besideFresh) return true;
    const now = this.now();
    if (now >= this.nextAt) {
      this.nextAt = now + everyMs;
      this.left = portion + forEachParked * this.parked;
      this.parked = 0;
    }
    return this.left > 0;
  }

  private askLater(): void {
    this.timer ??= setTimeout(() => this.askAgain(), Math.max(1, this.nextAt - this.now())).unref();
  }

  /** Whoever gets nothing keeps its place before those that got something. */
  private askAgain(): void {
    this.timer = undefined;
    for (const who of [...this.asking]) {
      if (!this.hasLeft()) break;
      this.asking.delete(who);
      this.again(who);
    }
    if (this.asking.size > 0) this.askLater();
  }
}
