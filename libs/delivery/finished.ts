import { DeliverPolicy } from '@nats-io/jetstream';
import type { Bus } from '#bus';
import { type ChannelType, subjects } from '#contracts';

const most = 200_000;
const backMs = 2 * 60_000;
const backMessages = 100_000;

/** Attempts that are recorded: one whose ack or row's deletion was lost in a crash is not made again. */
export class Finished {
  private readonly keys = new Set<string>();
  /** How far ATTEMPTS was read: lanes come one after another, and what is known is not read for each. */
  private read = { made: '', seq: 0 };

  static key = (delivery: string, attempt: number) => `${delivery}:${attempt}`;

  has(delivery: string, attempt: number): boolean {
    return this.keys.has(Finished.key(delivery, attempt));
  }

  add(key: string): void {
    this.keys.add(key);
    if (this.keys.size > most) this.keys.delete(this.keys.values().next().value!);
  }

  /**
   * Reads the last minutes of ATTEMPTS, counted from its newest message: what the lanes' last owner had recorded but perhaps
   * not acked. The message id is the key, so headers suffice.
   */
  async refill(bus: Bus, type: ChannelType): Promise<void> {
    const { created, state } = await bus.jsm.streams.info('ATTEMPTS');
    const made = String(created);
    // made anew, or without its newest messages since: then from the beginning
    const known = this.read.made === made && this.read.seq <= state.last_seq ? this.read.seq : 0;
    if (state.messages === 0 || known === state.last_seq) return;
    const since = new Date(Date.parse(state.last_ts as unknown as string) - backMs).toISOString();
    const first = Math.max(state.first_seq, state.last_seq - backMessages, known + 1);
    const early = await bus.jsm.streams.getMessage('ATTEMPTS', { seq: first }).catch(() => null);
    const from =
      early && early.time.toISOString() > since
        ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: first }
        : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: since };
    const consumer = await bus.js.consumers.get('ATTEMPTS', {
      ...from,
      filter_subjects: subjects.attempts(type),
      headers_only: true,
    });
    if ((await consumer.info()).num_pending > 0) {
      const messages = await consumer.consume({ max_messages: 2000 });
      for await (const message of messages) {
        const id = message.headers?.get('Nats-Msg-Id');
        if (id) this.add(id);
        if (message.info.pending === 0) break;
      }
      await messages.close();
    }
    await consumer.delete().catch(() => {});
    this.read = { made, seq: state.last_seq };
  }
}
