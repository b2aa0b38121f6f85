const withinMs = 5 * 60_000;
const blockMs = 15 * 60_000;

/**
 * What Pushover thinks of the address that calls: many refused requests within minutes block it for a while, and longer when
 * that goes on (https://pushover.net/api#friendly). The numbers are not published.
 */
export class Address {
  private bad: number[] = [];
  private blocks = 0;
  private until = 0;

  constructor(
    private readonly mostBad: number,
    private readonly now: () => number,
  ) {}

  isBlocked(): boolean {
    return this.now() < this.until;
  }

  saw(status: number): void {
    if (status < 400 || status >= 500) return;
    this.bad = [...this.bad.filter((at) => at > this.now() - withinMs), this.now()];
    if (this.bad.length < this.mostBad) return;
    this.blocks += 1;
    this.until = this.now() + blockMs * this.blocks;
    this.bad = [];
  }
}
