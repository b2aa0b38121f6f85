import { Readable } from 'node:stream';
import { Doorbell } from '#bus';

const roomBytes = 64 * 1024;
const graceMs = 1000;

/** The body of an answer without end. Who does not read it is cut off before it fills the memory. */
export class Outlet extends Readable {
  private given = 0;
  private taken = 0;
  private over = false;
  private readonly wanted = new Doorbell();

  constructor(private readonly mostBytes: number) {
    super({ highWaterMark: roomBytes });
  }

  send(text: string): void {
    if (this.over || this.destroyed) return;
    const bytes = Buffer.from(text);
    this.given += bytes.length;
    this.push(bytes);
    if (this.readableLength > this.mostBytes) this.destroy();
  }

  /** Resolves when most of what was given is on its way, or nothing more will be. */
  async room(): Promise<void> {
    while (this.readableLength >= roomBytes && !this.over && !this.destroyed) await this.wanted.wait(1000);
  }

  /** Whether something waits of which nothing was taken since the last call. */
  stalled(): boolean {
    const taken = this.given - this.readableLength;
    const stalled = this.readableLength > 0 && taken === this.taken;
    this.taken = taken;
    return stalled;
  }

  /** Ends the answer; who has not read the rest by then is cut off. */
  end(): void {
    if (this.over || this.destroyed) return;
    this.over = true;
    this.wanted.ring();
    this.push(null);
    const timer = setTimeout(() => this.destroy(), graceMs);
    this.once('close', () => clearTimeout(timer));
  }

  override _read(): void {
    this.wanted.ring();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.wanted.ring();
    done(error);
  }
}
