import type { JsMsg } from '@nats-io/jetstream';
import { pause } from '#bus';

const everyMs = 10_000;

/** Messages in hand: the broker is told that they are worked on, before it would give them out again. */
export class Unacked {
  private readonly messages = new Set<JsMsg>();

  hold(message: JsMsg): void {
    this.messages.add(message);
  }

  ack(message: JsMsg): void {
    this.messages.delete(message);
    message.ack();
  }

  async run(lost: (message: JsMsg) => boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(everyMs, signal);
      for (const message of this.messages) {
        if (lost(message)) this.messages.delete(message);
        else message.working();
      }
    }
  }
}
