import { type ConsumerMessages, DeliverPolicy } from '@nats-io/jetstream';
import { type Bus, Doorbell } from '#bus';

export interface StoredEvent {
  seq: number;
  json: string;
}

/** Read ahead at most: the fold sets the pace, memory stays bounded. */
const ahead = 2000;

/** EVENTS in order from a sequence on, without acks: the cursor tells what is done. */
export class EventReader {
  private waiting: StoredEvent[] = [];
  private readonly arrived = new Doorbell();
  private readonly taken = new Doorbell();
  private readonly reading: Promise<void>;
  private failure: unknown;
  ended = false;

  private constructor(private readonly messages: ConsumerMessages) {
    this.reading = this.read();
  }

  static async open(bus: Bus, seq: number): Promise<EventReader> {
    const consumer = await bus.js.consumers.get('EVENTS', { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: seq });
    return new EventReader(await consumer.consume({ max_messages: 500 }));
  }

  /** What has arrived, at most `max`; waits up to `ms` for something, and may come back empty. */
  async take(max: number, ms: number): Promise<StoredEvent[]> {
    if (this.waiting.length === 0 && !this.ended) await this.arrived.wait(ms);
    const events = this.waiting.splice(0, max);
    this.taken.ring();
    return events;
  }

  stop(): void {
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
        this.waiting.push({ seq: message.seq, json: message.string() });
        this.arrived.ring();
        while (this.waiting.length >= ahead) await this.taken.wait(1000);
      }
    } catch (error) {
      this.failure = error;
    } finally {
      this.ended = true;
      this.arrived.ring();
    }
  }
}
