/**
 * Token buckets by key, in this process's memory: each refills at `perS` a second up to `burst`. One take may cost more
 * than the bucket holds, which then is in debt, so a large batch passes once and the next waits for it.
 */
export class Buckets {
  private readonly levels = new Map<string, { level: number; at: number }>();

  constructor(
    private readonly perS: number,
    private readonly burst: number,
    private readonly most = 50_000,
  ) {}

  /** 0 when `cost` was taken; otherwise the seconds to wait, and nothing was taken. */
  take(key: string, cost = 1, now = Date.now()): number {
    const wait = this.wait(key, now);
    if (wait > 0) return wait;
    const level = this.level(key, now) - cost;
    this.levels.delete(key);
    this.levels.set(key, { level, at: now });
    // the one untouched longest is the fullest: forgetting it gives little away
    if (this.levels.size > this.most) this.levels.delete(this.levels.keys().next().value as string);
    return 0;
  }

  /** Gives back what was taken for something that turned out to cost nothing. */
  give(key: string, cost = 1, now = Date.now()): void {
    if (this.levels.has(key)) this.levels.set(key, { level: Math.min(this.burst, this.level(key, now) + cost), at: now });
  }

  /** Whole seconds until something may be taken again; 0: now. */
  wait(key: string, now = Date.now()): number {
    const level = this.level(key, now);
    return level > 0 ? 0 : Math.max(1, Math.ceil((Math.min(1, this.burst) - level) / this.perS));
  }

  private level(key: string, now: number): number {
    const known = this.levels.get(key);
    return known ? Math.min(this.burst, known.level + ((now - known.at) / 1000) * this.perS) : this.burst;
  }
}
