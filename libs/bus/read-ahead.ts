import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { Doorbell } from './doorbell.js';

export interface ReadAheadOptions {
  /** So many are held at most, beside what is on its way: who takes sets the pace, memory stays bounded. */
  most?: number;
  /** How many messages there were to read at the beginning. */
  behind?: number;
  /** Called at the end. */
  done?: () => void;
}

/** Messages of a consumer, gathered while the last ones are worked off. */
export class ReadAhead {
  /** Arrived, and not taken yet. */
  readonly waiting: JsMsg[] = [];
  private readonly arrived = new Doorbell();
  private readonly taken = new Doorbell();
  private readonly reading: Promise<void>;
  private failure: unknown;
  private stopped = false;
  ended = false;
  readonly behind: number;
  private readonly most: number;

  constructor(
    private readonly messages: ConsumerMessages,
    { most = 2000, behind = 0, done = () => {} }: ReadAheadOptions = {},
  ) {
    this.most = most;
    this.behind = behind;
    this.reading = this.read().finally(done);
  }

  /** What has arrived, at most `max`; waits up to `ms` for something, and may come back empty. */
  async take(max: number, ms: number): Promise<JsMsg[]> {
    if (this.waiting.length === 0 && !this.ended) await this.arrived.wait(ms);
    const some = this.waiting.splice(0, max);
    this.taken.ring();
    return some;
  }

  stop(): void {
    this.stopped = true;
    this.messages.stop();
    this.arrived.ring();
    this.taken.ring();
  }

  /** Waits for the end; throws what ended it. */
  async close(): Promise<void> {
    this.stop();
    await this.reading;
    if (this.failure) throw this.failure;
  }

  private async read(): Promise<void> {
    try {
      for await (const message of this.messages) {
        this.waiting.push(message);
        this.arrived.ring();
        while (this.waiting.length >= this.most && !this.stopped) await this.taken.wait(1000);
      }
    } catch (error) {
      this.failure = error;
    } finally {
      this.ended = true;
      this.arrived.ring();
    }
  }
}
