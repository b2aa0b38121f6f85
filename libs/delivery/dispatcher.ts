import { pause } from '#bus';
import type { Waiting, WaitingRow } from './waiting.js';
import type { Item } from './worker.js';

/** Held at most for a channel that is slow to answer; the rest waits in the table, so that its lane stays free. */
const heldSlow = 20;
const heldFast = 128;
const slowMs = 250;
const drainRows = 100;

interface State {
  held: number;
  /** In order per printer: one in flight, the others behind it. */
  queues: Map<string, Item[]>;
  /** It has a backlog in the table: what comes new goes behind it. */
  behind: boolean;
  parking: number;
  draining: boolean;
  lastDone: number;
  lastTook: number;
}

export interface DispatcherParts {
  waiting: Waiting;
  work: (item: Item) => Promise<void>;
  /** A row as an item. */
  itemOf: (row: WaitingRow) => Item;
  onError: (error: unknown) => void;
  signal: AbortSignal;
}

/**
 * Spreads a process's deliveries over their channels: one in flight per channel and printer, few held per slow channel, the
 * overflow parked in the waiting table and taken from there in order. No channel waits for another.
 */
export class Dispatcher {
  private readonly channels = new Map<string, State>();
  /** Deliveries in hand that lie in the table. */
  readonly rowsHeld = new Set<string>();
  private parked: Item[] = [];
  private flushing?: Promise<void>;
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly parts: DispatcherParts) {}

  /** Takes a fresh delivery. Waits while its channel is full but quick: reading on would only fill the table. */
  async offer(item: Item): Promise<void> {
    if (item.delivery.test) {
      this.track(this.parts.work(item));
      return;
    }
    const state = this.stateOf(item.delivery.channel);
    while (!state.behind && state.held >= heldFast && this.quick(state)) await pause(5, this.parts.signal);
    if (state.behind || (state.held >= heldSlow && !this.quick(state))) this.park(item, state);
    else this.hold(item, state);
  }

  /** Takes a row whose time has come; into the backlog when its channel is full. */
  async offerRow(row: WaitingRow): Promise<void> {
    const state = this.stateOf(row.body.channel);
    if (this.rowsHeld.has(row.body.id)) return;
    if (state.held < heldSlow || (state.held < heldFast && this.quick(state))) return this.holdRow(row, state);
    await this.parts.waiting.put([{ ...row, cause: 'backlog', due: null }]);
    state.behind = true;
  }

  /** A channel has a backlog in the table (seen when its lane was taken): work it off. */
  resume(channel: string): void {
    this.stateOf(channel).behind = true;
    void this.drain(channel);
  }

  /** Waits for what is in flight, at most `ms`. */
  async settled(ms: number): Promise<void> {
    const timeUp = new AbortController();
    await Promise.race([Promise.allSettled([...this.underWay, this.flushing]), pause(ms, timeUp.signal)]);
    timeUp.abort();
  }

  private quick(state: State): boolean {
    return state.lastTook < slowMs && Date.now() - state.lastDone < slowMs;
  }

  private stateOf(channel: string): State {
    let state = this.channels.get(channel);
    if (!state) {
      state = { held: 0, queues: new Map(), behind: false, parking: 0, draining: false, lastDone: Date.now(), lastTook: 0 };
      this.channels.set(channel, state);
    } else if (state.held === 0) {
      state.lastDone = Date.now();
    }
    return state;
  }

  private holdRow(row: WaitingRow, state: State): void {
    this.rowsHeld.add(row.body.id);
    this.hold(this.parts.itemOf(row), state);
  }

  private hold(item: Item, state: State): void {
    state.held++;
    const key = item.delivery.event.printer?.id ?? '';
    const queue = state.queues.get(key);
    if (queue) {
      queue.push(item);
      return;
    }
    const started = [item];
    state.queues.set(key, started);
    this.track(this.run(item.delivery.channel, state, key, started));
  }

  private async run(channel: string, state: State, key: string, queue: Item[]): Promise<void> {
    while (queue.length > 0) {
      const item = queue[0]!;
      const began = Date.now();
      if (!item.lost() && !this.parts.signal.aborted) await this.parts.work(item).catch(this.parts.onError);
      this.rowsHeld.delete(item.delivery.id);
      queue.shift();
      state.held--;
      state.lastDone = Date.now();
      state.lastTook = state.lastDone - began;
      if (state.behind && state.held < heldSlow / 2) void this.drain(channel);
    }
    state.queues.delete(key);
    if (state.held === 0 && !state.behind && state.parking === 0) this.channels.delete(channel);
  }

  private park(item: Item, state: State): void {
    state.behind = true;
    state.parking++;
    this.parked.push(item);
    this.flushing ??= this.flush().finally(() => {
      this.flushing = undefined;
    });
  }

  /** Stores what was parked, many rows a statement, then gives the messages up. */
  private async flush(): Promise<void> {
    await pause(2);
    while (this.parked.length > 0) {
      const items = this.parked.splice(0, 500);
      try {
        await this.parts.waiting.put(items.map(({ delivery, seq }) => ({ seq, cause: 'backlog', due: null, body: delivery })));
      } catch (error) {
        this.parts.onError(error);
        this.parked.unshift(...items);
        if (this.parts.signal.aborted) return;
        await pause(1000, this.parts.signal);
        continue;
      }
      for (const item of items) {
        void item.settle();
        const state = this.stateOf(item.delivery.channel);
        state.parking--;
        if (state.held < heldSlow / 2) void this.drain(item.delivery.channel);
      }
    }
  }

  /** Takes a channel's next rows from the table, in order; when there are none left, it is no longer behind. */
  private async drain(channel: string): Promise<void> {
    const state = this.stateOf(channel);
    if (state.draining || this.parts.signal.aborted) return;
    state.draining = true;
    try {
      const room = this.quick(state) ? drainRows : Math.max(1, heldSlow - state.held);
      const parkingBefore = state.parking;
      const rows = await this.parts.waiting.backlog(channel, room, this.heldOf(state));
      for (const row of rows) if (!this.rowsHeld.has(row.body.id)) this.holdRow(row, state);
      if (rows.length === 0 && parkingBefore === 0 && state.parking === 0) {
        state.behind = false;
        if (state.held === 0) this.channels.delete(channel);
      }
    } catch (error) {
      this.parts.onError(error);
      setTimeout(() => void this.drain(channel), 1000).unref();
    } finally {
      state.draining = false;
    }
  }

  private heldOf(state: State): string[] {
    return [...state.queues.values()].flat().map((item) => item.delivery.id);
  }

  private track(work: Promise<void>): void {
    this.underWay.add(work);
    void work.catch(this.parts.onError).finally(() => this.underWay.delete(work));
  }
}
