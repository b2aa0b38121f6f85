import type { JsMsg } from '@nats-io/jetstream';
import type { Bus } from '#bus';

/** A message in hand, and whether its lane is another process's by now. */
interface Held {
  message: JsMsg;
  lost: () => boolean;
}

/**
 * Deliveries in hand, each with the message to ack for it. When the broker gives one out again (a broken connection), the new
 * message takes the old one's place.
 */
export class Unacked {
  private readonly inHand = new Map<string, Held>();

  constructor(private readonly together: Bus['together']) {}

  /** False when the delivery is in hand already. */
  take(delivery: string, held: Held): boolean {
    const before = this.inHand.get(delivery);
    this.inHand.set(delivery, held);
    return before === undefined || before.lost();
  }

  ack(delivery: string): void {
    const held = this.inHand.get(delivery);
    this.inHand.delete(delivery);
    if (held) this.together(() => held.message.ack());
  }

  /** Whether what a consumer gave out as its n-th is in hand. */
  has(consumer: string, n: number): boolean {
    for (const { message } of this.inHand.values())
      if (message.info.deliverySequence === n && message.info.consumer === consumer) return true;
    return false;
  }

  /** A lane is another process's: what it held of it is that one's to ack. */
  drop(): void {
    for (const [delivery, { lost }] of this.inHand) if (lost()) this.inHand.delete(delivery);
  }
}
