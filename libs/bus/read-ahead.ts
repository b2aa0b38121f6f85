import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { Doorbell } from './doorbell.js';
import { type Lag, type LagOf, tellLag } from './lag.js';

export interface ReadAheadOptions {
  /** So many are held at most, beside what is on its way: who takes sets the pace, memory stays bounded. */
  most?: number;
  /** How many messages there were to read at the beginning. */
  behind?: number;
  /** Whose lag it is; not told without it. */
  lagOf?: LagOf;
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
  /** Taken, and not worked off while no more are taken. */
  private inHand: JsMsg[] = [];
  /** To come behind the last one that has arrived. */
  private pending: number;

  constructor(
    private readonly messages: ConsumerMessages,
    { most = 2000, behind = 0, lagOf, done = () => {} }: ReadAheadOptions = {},
  ) {
    this.most = most;
    this.behind = behind;
    this.pending = behind;
    const untell = lagOf && tellLag(lagOf, () => this.lag);
    this.reading = this.read().finally(() => {
      untell?.();
      done();
    });
  }

  /** What has arrived, at most `max`; waits up to `ms` for something, and may come back empty. */
  async take(max: number, ms: number): Promise<JsMsg[]> {
    this.inHand = [];
    if (this.waiting.length === 0 && !this.ended) await this.arrived.wait(ms);
    const some = this.waiting.splice(0, max);
    this.taken.ring();
    this.inHand = some;
    return some;
  }

  get lag(): Lag {
    const oldest = this.inHand[0] ?? this.waiting[0];
    const messages = this.pending + this.waiting.length + this.inHand.length;
    return { messages, seconds: oldest ? ageMs(oldest) / 1000 : 0 };
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
        this.pending = message.info.pending;
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

/** By this machine's clock, which may differ from the broker's. */
export const ageMs = (message: JsMsg) => Math.max(0, Date.now() - message.info.timestampNanos / 1e6);

/**
 * Whether a message comes next as its consumer gave them out. In a cluster one can be lost on its way, as when a server is cut off
 * that knows it as delivered: the consumer brings it again only later, behind newer ones.
 */
export const follows = (message: JsMsg, last: JsMsg | undefined): boolean =>
  message.info.deliverySequence === (last?.info.deliverySequence ?? 0) + 1;
