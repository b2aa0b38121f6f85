import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { ageMs, type Bus, follows, isMissing, type Lag, pause } from '#bus';
import type { ChannelType } from '#contracts';
import { openConsumer, removeConsumers } from './lane-consumers.js';

export interface LaneReaderParts {
  bus: Bus;
  type: ChannelType;
  lane: number;
  /** Names its consumers: each owner of a lane has its own. */
  epoch: number;
  take: (message: JsMsg, lost: () => boolean) => Promise<void>;
  /** Everything of the lane up to a sequence was taken; infinite: all that there was. */
  reached: (lane: number, seq: number) => void;
  /** Whether what a consumer gave out as its n-th was taken, and is not acked. */
  inHand: (consumer: string, n: number) => boolean;
  /** Asks for the lease, which the lane goes with. */
  isLost: () => boolean;
  /** Prolongs the lease, or loses the lane. */
  keep: () => Promise<void>;
  onError: (error: unknown) => void;
  signal: AbortSignal;
}

/**
 * Reads one lane in order, turn by turn: each by a consumer of its own, so that what the last one had given out and is not acked
 * comes anew. A turn ends with the connection or the consumer, or when a message or an ack of it was lost on its way.
 */
export class LaneReader {
  lost = false;
  private messages?: ConsumerMessages;
  private consumer?: Consumer;
  /** The turn's last message, whether it is being taken in, and how many are behind it. */
  private last: JsMsg | undefined;
  private taking = false;
  private pending = 0;
  /** Not acked and nowhere here, at the last look: its place in what the consumer gave out. */
  private stray: number | undefined;

  constructor(private readonly parts: LaneReaderParts) {}

  /** Ends this turn. */
  stop(): void {
    this.messages?.stop();
  }

  get lag(): Lag {
    const { last, taking, pending } = this;
    return taking && last ? { messages: pending + 1, seconds: ageMs(last) / 1000 } : { messages: pending, seconds: 0 };
  }

  private get over(): boolean {
    return this.parts.signal.aborted || this.lost;
  }

  /** Until the lane is lost, or the signal. */
  async read(): Promise<void> {
    const { bus, type, lane, keep, onError, signal } = this.parts;
    for (let turn = 0; !this.over; turn++) {
      try {
        if (turn > 0) await removeConsumers(bus, type, [lane]);
        await this.readTurn(turn);
      } catch (error) {
        onError(error);
      }
      if (this.over) return;
      await pause(250, signal);
      // the consumer is gone (the lane was taken by another, or the broker came back without it), or the connection broke
      await keep();
    }
  }

  private async readTurn(turn: number): Promise<void> {
    const { bus, type, lane, epoch, take, reached, isLost } = this.parts;
    const { consumer, messages, pending } = await openConsumer(bus, type, lane, `${type}-${lane}-${epoch}-${turn}`);
    Object.assign(this, { consumer, messages, pending, last: undefined, taking: false, stray: undefined });
    if (this.over) messages.stop();
    if (pending === 0) reached(lane, Number.POSITIVE_INFINITY);
    for await (const message of messages) {
      if (!follows(message, this.last)) {
        messages.stop();
        throw new Error(`a message of lane ${lane} of ${type} was lost on its way: all are read again, in order`);
      }
      this.last = message;
      this.taking = true;
      this.pending = message.info.pending;
      await take(message, isLost);
      this.taking = false;
      reached(lane, message.info.pending === 0 ? Number.POSITIVE_INFINITY : message.seq);
    }
  }

  /**
   * Now and then: the first message that is not acked is in somebody's hand, or to come. When it is neither, twice in a row, it was
   * lost on its way here, or its ack on the way back: then all are read again, and what was done is acked once more.
   */
  async look(): Promise<void> {
    const { consumer, last, stray } = this;
    const state = await consumer?.info().catch((error) => {
      // between two turns
      if (!isMissing(error)) throw error;
    });
    if (!state || consumer !== this.consumer) return;
    const first = state.ack_floor.consumer_seq + 1;
    const isHere = this.parts.inHand(state.name, first) || (this.taking && first >= (last?.info.deliverySequence ?? 0));
    this.stray = state.num_ack_pending > 0 && first <= state.delivered.consumer_seq && !isHere ? first : undefined;
    if (this.stray !== undefined && this.stray === stray) this.stop();
  }
}
