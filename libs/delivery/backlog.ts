import { pause } from '#bus';
import type { Delivery } from '#contracts';
import type { State } from './channel-state.js';
import { Parking } from './parking.js';
import { foldable } from './summary.js';
import type { Waiting, WaitingRow } from './waiting.js';
import type { Item } from './worker.js';

const foldAfterMs = 60_000;

export interface BacklogParts {
  waiting: Waiting;
  lanes: () => number[];
  /** What waits in a channel's backlog becomes one summary: its row, where there is something to fold. Undefined: nothing is folded. */
  fold?: (channel: string) => Promise<WaitingRow | undefined>;
  /** What waits of a channel for its provider's limit looks again. */
  wake: (channel: string) => void;
  /** What has waited for so long behind a limit is folded into a summary: a minute unless told. */
  foldAfterMs?: number;
  stateOf: (channel: string) => State;
  /** Fewer in hand than so many of a channel: more of it are read, up to twice as many. */
  portion: (state: State) => number;
  /** Whether a delivery's row is in hand. */
  holds: (delivery: string) => boolean;
  /** Takes a row in hand. */
  keep: (row: WaitingRow, state: State) => void;
  /** A channel has nothing left. */
  idle: (channel: string) => void;
  onError: (error: unknown) => void;
  signal: AbortSignal;
}

/** What busy channels have in the waiting table: put there, taken from there in order, or folded into one summary. */
export class Backlog {
  readonly parking: Parking;

  constructor(private readonly parts: BacklogParts) {
    const { waiting, onError, signal } = parts;
    this.parking = new Parking({ waiting, stored: (item) => this.count(item), onError, signal });
  }

  park(item: Item, state: State): void {
    state.behind = true;
    state.parked++;
    this.parking.park(item);
  }

  /** A channel has a backlog in the table, seen when its lane is taken: what comes goes behind it, until it is resumed. */
  hold(channel: string): void {
    Object.assign(this.parts.stateOf(channel), { behind: true, paused: true, resumeAt: Number.POSITIVE_INFINITY });
  }

  /** What the lane's last owner had in hand, older than the backlog, is in the table too by now: work it off, in order. */
  resume(channel: string): void {
    const state = this.parts.stateOf(channel);
    state.resumeAt = state.parked;
    this.goOn(channel, state);
  }

  /** Takes what there is room for, or folds: after each that was worked off or parked. */
  goOn(channel: string, state: State): void {
    if (state.folding) this.foldIfStored(channel, state);
    if (state.folding) return;
    if (state.paused && state.stored >= state.resumeAt) state.paused = false;
    if (state.behind && !state.paused && state.held < this.parts.portion(state)) void this.drain(channel);
  }

  /** It has waited since it came, or since its channel became busy here, and is not the only one. */
  isLate(delivery: Delivery, state: State): boolean {
    if (!this.parts.fold || !foldable(delivery) || (state.held < 2 && !state.behind)) return false;
    if (delivery.attempt - (delivery.free ?? 0) > 1) return false;
    return Date.now() - Math.max(Date.parse(delivery.created_at), state.since) > (this.parts.foldAfterMs ?? foldAfterMs);
  }

  /** All that is in hand is to go to the table, in order, and what comes goes behind it. */
  fold(channel: string, state: State): void {
    if (state.folding) return;
    Object.assign(state, { folding: true, behind: true });
    this.parts.wake(channel);
  }

  private foldIfStored(channel: string, state: State): void {
    if (state.held > 0 || state.parked > state.stored || state.draining) return;
    state.draining = true;
    void this.foldNow(channel).then((row) => {
      Object.assign(state, { folding: false, draining: false, since: Date.now() });
      // it may have come as one that is due, too
      if (row && !this.parts.holds(row.body.id)) this.parts.keep(row, state);
      this.goOn(channel, state);
    });
  }

  private async foldNow(channel: string): Promise<WaitingRow | undefined> {
    while (!this.parts.signal.aborted) {
      try {
        return await this.parts.fold!(channel);
      } catch (error) {
        this.parts.onError(error);
        await pause(1000, this.parts.signal);
      }
    }
    return undefined;
  }

  /** A parked one is stored. */
  private count({ delivery: { channel } }: Item): void {
    const state = this.parts.stateOf(channel);
    state.stored++;
    this.goOn(channel, state);
  }

  /** Takes a channel's next rows from the table, in order; when there are none left, it is no longer behind. */
  private async drain(channel: string): Promise<void> {
    const state = this.parts.stateOf(channel);
    state.drainAgain = true;
    if (state.draining) return;
    state.draining = true;
    try {
      while (state.drainAgain && !state.paused && !state.folding && !this.parts.signal.aborted) {
        state.drainAgain = false;
        await this.drainOnce(channel, state);
      }
    } catch (error) {
      this.parts.onError(error);
      setTimeout(() => void this.drain(channel), 1000).unref();
    } finally {
      state.draining = false;
      if (state.folding) this.foldIfStored(channel, state);
    }
  }

  private async drainOnce(channel: string, state: State): Promise<void> {
    const { waiting, lanes, portion, holds, keep, idle } = this.parts;
    const room = Math.max(1, 2 * portion(state) - state.held);
    const { parked, stored } = state;
    // what is in hand of its rows
    const held = [...state.queues.values()].flat().map((item) => item.delivery.id);
    const rows = await waiting.backlog(channel, lanes(), room, held.filter(holds));
    for (const row of rows) if (!holds(row.body.id)) keep(row, state);
    if (rows.length > 0 || parked > stored || state.parked > parked || state.folding) return;
    state.behind = false;
    if (state.held === 0) idle(channel);
  }
}
