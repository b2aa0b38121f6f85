/** A channel is quick while one of its deliveries ends so often, and slow at the latest when none has for so long. */
const quickMs = 50;
const slowMs = 2000;
/** Of what the last interval counts, against those before it. */
const weight = 0.1;

/** How quickly a channel's deliveries end, one after another; a new one is taken for quick until it shows otherwise. */
export class Pace {
  private endedAt: number;
  private interval = 0;

  constructor(private readonly now: () => number = Date.now) {
    this.endedAt = now();
  }

  /** Nothing was in hand until now: the time before says nothing. */
  begins(): void {
    this.endedAt = this.now();
  }

  ended(): void {
    const now = this.now();
    this.interval += weight * (now - this.endedAt - this.interval);
    this.endedAt = now;
  }

  get quick(): boolean {
    return this.interval < quickMs && this.now() - this.endedAt < slowMs;
  }
}
