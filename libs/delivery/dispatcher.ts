import { pause } from '#bus';
import { Parking } from './parking.js';
import type { Waiting, WaitingRow } from './waiting.js';
import type { Item } from './worker.js';

/** Held at most for a channel that is slow; the rest waits in the table, so that its lane stays free. */
const heldSlow = 20;
const heldFast = 128;
/** A channel is quick while one of its deliveries ends so often, and slow at the latest when none has for so long. */
const quickMs = 10;
const slowMs = 250;
/** Of what the last interval counts, against those before it. */
const weight = 0.1;
const drainRows = 100;

interface State {
  held: number;
  /** In order per printer: one in flight, the others behind it. */
  queues: Map<string, Item[]>;
  /** It has a backlog in the table: what comes new goes behind it. */
  behind: boolean;
  /** How many were parked, and how many of those are stored (or another's by now). */
  parked: number;
  stored: number;
  /** Its backlog is resumed when so many are stored. */
  resumeAt: number;
  /** Its backlog is not to be touched yet. */
  paused: boolean;
  draining: boolean;
  /** Asked for while it was being drained. */
  drainAgain: boolean;
  lastDone: number;
  /** Milliseconds between two ends while something was in hand, smoothed. */
  interval: number;
}

export interface DispatcherParts {
  waiting: Waiting;
  /** The lanes that are this process's. */
  lanes: () => number[];
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
  private readonly parking: Parking;
  private readonly underWay = new Map<Promise<void>, number>();

  constructor(private readonly parts: DispatcherParts) {
    const { waiting, onError, signal } = parts;
    this.parking = new Parking({ waiting, stored: (item) => this.count(item), onError, signal });
  }

  /** Takes a fresh delivery. Waits while its channel is full but quick: reading on would only fill the table. */
  async offer(item: Item): Promise<void> {
    if (item.delivery.test) {
      this.track(this.parts.work(item), item.delivery.lane);
      return;
    }
    let state = this.stateOf(item.delivery.channel);
    while (!state.behind && state.held >= heldFast && this.quick(state)) {
      await pause(5, this.parts.signal);
      state = this.stateOf(item.delivery.channel);
    }
    if (state.behind || (state.held >= heldSlow && !this.quick(state))) this.park(item, state);
    else this.keep(item, state);
  }

  /** Takes a row whose time has come; into the backlog when its channel is full. */
  async offerRow(row: WaitingRow): Promise<void> {
    const state = this.stateOf(row.body.channel);
    if (this.rowsHeld.has(row.body.id)) return;
    if (state.held < heldSlow || (state.held < heldFast && this.quick(state))) return this.keepRow(row, state);
    await this.parts.waiting.put({ ...row, cause: 'backlog', due: null });
    state.behind = true;
  }

  /** A channel has a backlog in the table, seen when its lane is taken: what comes goes behind it, until it is resumed. */
  hold(channel: string): void {
    Object.assign(this.stateOf(channel), { behind: true, paused: true, resumeAt: Number.POSITIVE_INFINITY });
  }

  /** What the lane's last owner had in hand, older than the backlog, is in the table too by now: work it off, in order. */
  resume(channel: string): void {
    const state = this.stateOf(channel);
    state.resumeAt = state.parked;
    this.resumeIfStored(channel, state);
  }

  private resumeIfStored(channel: string, state: State): void {
    if (state.stored < state.resumeAt) return;
    state.paused = false;
    if (state.held < heldSlow / 2) void this.drain(channel);
  }

  /** Waits for what is in flight (of one lane), at most `ms`. */
  async settled(ms: number, lane?: number): Promise<void> {
    const timeUp = new AbortController();
    const works = [...this.underWay].filter(([, its]) => lane === undefined || its === lane).map(([work]) => work);
    await Promise.race([Promise.allSettled([...works, this.parking.empty()]), pause(ms, timeUp.signal)]);
    timeUp.abort();
  }

  private quick(state: State): boolean {
    return state.interval < quickMs && Date.now() - state.lastDone < slowMs;
  }

  private stateOf(channel: string): State {
    let state = this.channels.get(channel);
    if (!state) {
      state = {
        held: 0,
        queues: new Map(),
        behind: false,
        parked: 0,
        stored: 0,
        resumeAt: 0,
        paused: false,
        draining: false,
        drainAgain: false,
        lastDone: Date.now(),
        interval: 0,
      };
      this.channels.set(channel, state);
    } else if (state.held === 0) {
      state.lastDone = Date.now();
    }
    return state;
  }

  private keepRow(row: WaitingRow, state: State): void {
    this.rowsHeld.add(row.body.id);
    this.keep(this.parts.itemOf(row), state);
  }

  private keep(item: Item, state: State): void {
    state.held++;
    const key = item.delivery.event.printer?.id ?? '';
    const queue = state.queues.get(key);
    if (queue) {
      queue.push(item);
      return;
    }
    const started = [item];
    state.queues.set(key, started);
    this.track(this.run(item.delivery.channel, state, key, started), item.delivery.lane);
  }

  private async run(channel: string, state: State, key: string, queue: Item[]): Promise<void> {
    while (queue.length > 0) {
      const item = queue[0]!;
      if (!item.lost() && !this.parts.signal.aborted) await this.parts.work(item).catch(this.parts.onError);
      this.rowsHeld.delete(item.delivery.id);
      queue.shift();
      state.held--;
      const now = Date.now();
      state.interval += weight * (now - state.lastDone - state.interval);
      state.lastDone = now;
      if (state.behind && state.held < heldSlow / 2) void this.drain(channel);
    }
    state.queues.delete(key);
    if (state.held === 0 && !state.behind && state.parked === state.stored) this.channels.delete(channel);
  }

  private park(item: Item, state: State): void {
    state.behind = true;
    state.parked++;
    this.parking.park(item);
  }

  /** A parked one is stored. */
  private count({ delivery: { channel } }: Item): void {
    const state = this.stateOf(channel);
    state.stored++;
    this.resumeIfStored(channel, state);
  }

  /** Takes a channel's next rows from the table, in order; when there are none left, it is no longer behind. */
  private async drain(channel: string): Promise<void> {
    const state = this.stateOf(channel);
    state.drainAgain = true;
    if (state.draining) return;
    state.draining = true;
    try {
      while (state.drainAgain && !state.paused && !this.parts.signal.aborted) {
        state.drainAgain = false;
        await this.drainOnce(channel, state);
      }
    } catch (error) {
      this.parts.onError(error);
      setTimeout(() => void this.drain(channel), 1000).unref();
    } finally {
      state.draining = false;
    }
  }

  private async drainOnce(channel: string, state: State): Promise<void> {
    const room = this.quick(state) ? drainRows : Math.max(1, heldSlow - state.held);
    const { parked, stored } = state;
    const rows = await this.parts.waiting.backlog(channel, this.parts.lanes(), room, this.heldOf(state));
    for (const row of rows) if (!this.rowsHeld.has(row.body.id)) this.keepRow(row, state);
    if (rows.length > 0 || parked > stored || state.parked > state.stored) return;
    state.behind = false;
    if (state.held === 0) this.channels.delete(channel);
  }

  private heldOf(state: State): string[] {
    return [...state.queues.values()].flat().map((item) => item.delivery.id);
  }

  private track(work: Promise<void>, lane: number): void {
    this.underWay.set(work, lane);
    void work.catch(this.parts.onError).finally(() => this.underWay.delete(work));
  }
}
