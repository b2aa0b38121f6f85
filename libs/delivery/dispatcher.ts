import { pause } from '#bus';
import { idle, type State } from './channel-state.js';
import { Parking } from './parking.js';
import type { Waiting, WaitingRow } from './waiting.js';
import type { Item } from './worker.js';

/** Attempts under way at once for a channel that is slow, and for a quick one. */
const slowAtOnce = 20;
const quickAtOnce = 128;
/** Of a backlog, while others have fresh deliveries: those come first. */
const besideFresh = 2;
const freshMs = 250;
/** Held in memory for one slow channel, and for all channels together; the rest waits in the table. */
const heldSlow = 200;
const heldInAll = 16_000;
const roomMs = 100;

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
 * Spreads a process's deliveries over their channels: one under way per channel and printer, few at once for a slow channel. What
 * is too much to hold is parked in the waiting table and taken from there in order. No channel waits for another.
 */
export class Dispatcher {
  private readonly channels = new Map<string, State>();
  /** What is in hand of the table, by delivery. */
  private readonly rows = new Map<string, Item>();
  private held = 0;
  private freshAt = 0;
  private readonly parking: Parking;
  private readonly works = new Map<Promise<void>, number>();

  constructor(private readonly parts: DispatcherParts) {
    const { waiting, onError, signal } = parts;
    this.parking = new Parking({ waiting, stored: (item) => this.count(item), onError, signal });
  }

  /** Takes a fresh delivery; waits only when there is no room for it anywhere, as when the database is away for long. */
  async offer(item: Item): Promise<void> {
    if (item.delivery.test) {
      this.track(this.parts.work(item), item.delivery.lane);
      return;
    }
    let state = this.stateOf(item.delivery.channel);
    while ((state.behind || !this.hasRoom(state)) && !this.parking.hasRoom) {
      await pause(roomMs, this.parts.signal);
      if (item.lost() || this.parts.signal.aborted) return;
      state = this.stateOf(item.delivery.channel);
    }
    if (state.behind || !this.hasRoom(state)) return this.park(item, state);
    this.freshAt = Date.now();
    this.keep(item, state);
  }

  /** Takes a row whose time has come; into the backlog when its channel is full. */
  async offerRow(row: WaitingRow): Promise<void> {
    const state = this.stateOf(row.body.channel);
    if (this.rows.has(row.body.id)) return;
    if (this.hasRoom(state)) return this.keepRow(row, state);
    await this.parts.waiting.put({ ...row, cause: 'backlog', due: null });
    state.behind = true;
  }

  get rowsHeld(): string[] {
    return [...this.rows.keys()];
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
    this.drainIfIdle(channel, state);
  }

  /** Waits for what is in flight (of one lane), at most `ms`. */
  async settled(ms: number, lane?: number): Promise<void> {
    const timeUp = new AbortController();
    const works = [...this.works].filter(([, its]) => lane === undefined || its === lane).map(([work]) => work);
    await Promise.race([Promise.allSettled([...works, this.parking.empty()]), pause(ms, timeUp.signal)]);
    timeUp.abort();
  }

  private hasRoom(state: State): boolean {
    return state.held < heldSlow || (this.held < heldInAll && state.pace.quick);
  }

  private atOnce(state: State): number {
    if (!state.pace.quick) return slowAtOnce;
    return state.behind && Date.now() - this.freshAt < freshMs ? besideFresh : quickAtOnce;
  }

  private stateOf(channel: string): State {
    let state = this.channels.get(channel);
    if (!state) {
      state = idle();
      this.channels.set(channel, state);
    } else if (state.held === 0) {
      state.pace.begins();
    }
    return state;
  }

  private keepRow(row: WaitingRow, state: State): void {
    const item = this.parts.itemOf(row);
    this.rows.set(row.body.id, item);
    this.keep(item, state);
  }

  private keep(item: Item, state: State): void {
    this.held++;
    state.held++;
    const key = item.delivery.event.printer?.id ?? '';
    const queue = state.queues.get(key);
    if (queue) queue.push(item);
    else {
      state.queues.set(key, [item]);
      state.ready.push(key);
    }
    this.begin(state);
  }

  private begin(state: State): void {
    while (state.ready.length > 0 && state.underWay < this.atOnce(state)) {
      const key = state.ready.shift()!;
      const item = state.queues.get(key)![0]!;
      state.underWay++;
      this.track(this.run(item, key, state), item.delivery.lane);
    }
  }

  private async run(item: Item, key: string, state: State): Promise<void> {
    const { channel, id } = item.delivery;
    if (!item.lost() && !this.parts.signal.aborted) await this.parts.work(item).catch(this.parts.onError);
    // a queue's message may have put its own row there meanwhile
    if (this.rows.get(id) === item) this.rows.delete(id);
    const queue = state.queues.get(key)!;
    queue.shift();
    if (queue.length > 0) state.ready.push(key);
    else state.queues.delete(key);
    this.held--;
    state.held--;
    state.underWay--;
    state.pace.ended();
    this.begin(state);
    this.drainIfIdle(channel, state);
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

  private drainIfIdle(channel: string, state: State): void {
    if (state.behind && state.held < this.atOnce(state)) void this.drain(channel);
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
    const room = Math.max(1, 2 * this.atOnce(state) - state.held);
    const { parked, stored } = state;
    const rows = await this.parts.waiting.backlog(channel, this.parts.lanes(), room, this.heldOf(state));
    for (const row of rows) if (!this.rows.has(row.body.id)) this.keepRow(row, state);
    if (rows.length > 0 || parked > stored || state.parked > parked) return;
    state.behind = false;
    if (state.held === 0) this.channels.delete(channel);
  }

  /** What is in hand of its rows. */
  private heldOf(state: State): string[] {
    const held = [...state.queues.values()].flat().map((item) => item.delivery.id);
    return held.filter((id) => this.rows.has(id));
  }

  private track(work: Promise<void>, lane: number): void {
    this.works.set(work, lane);
    void work.catch(this.parts.onError).finally(() => this.works.delete(work));
  }
}
