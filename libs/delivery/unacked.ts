import type { JsMsg } from '@nats-io/jetstream';
import { type Bus, pause } from '#bus';

const everyMs = 10_000;

/** A message in hand, and whether its lane is another process's by now. */
interface Held {
  message: JsMsg;
  lost: () => boolean;
}

/**
 * Deliveries in hand, each with the message to ack for it. The broker is told that they are worked on, before it would give
 * them out again; when it does all the same (a broken connection), the new message takes the old one's place.
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

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(everyMs, signal);
      for (const [delivery, { message, lost }] of this.inHand) {
        if (lost()) this.inHand.delete(delivery);
        else message.working();
      }
    }
  }
}
