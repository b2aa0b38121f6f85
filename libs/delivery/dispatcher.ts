import { pause } from '#bus';
import { Backlog } from './backlog.js';
import { idle, type State } from './channel-state.js';
import type { Waiting, WaitingRow } from './waiting.js';
import type { Item, Turn } from './worker.js';
import { Yielding } from './yielding.js';

/** Attempts under way at once for a channel that is slow, and for a quick one. */
const slowAtOnce = 20;
const quickAtOnce = 128;
/** Read at once of a backlog that yields: large portions hold up the others. */
const readBesideFresh = 8;
/** Held in memory for one slow channel, and for all channels together; the rest waits in the table. */
const heldSlow = 200;
const heldInAll = 16_000;
const roomMs = 100;
const storedMs = 5000;

const atOnce = ({ pace }: State) => (pace.quick ? quickAtOnce : slowAtOnce);

export interface DispatcherParts {
  waiting: Waiting;
  /** The lanes that are this process's. */
  lanes: () => number[];
  work: (item: Item, turn: Turn) => Promise<'done' | 'yields'>;
  /** What waits in a channel's backlog becomes one summary: its row, where there is something to fold. Undefined: nothing is folded. */
  fold?: (channel: string) => Promise<WaitingRow | undefined>;
  /** A row as an item. */
  itemOf: (row: WaitingRow) => Item;
  /** What waits of a channel for its provider's limit looks again. */
  wake: (channel: string) => void;
  /** What has waited for so long behind a limit is folded into a summary: a minute unless told. */
  foldAfterMs?: number;
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
  private readonly yielding = new Yielding<State>((state) => this.begin(state));
  private readonly backlog: Backlog;
  private readonly works = new Map<Promise<void>, number>();

  constructor(private readonly parts: DispatcherParts) {
    this.backlog = new Backlog({
      ...parts,
      stateOf: (channel) => this.stateOf(channel),
      portion: (state) => (this.yielding.besideFresh ? Math.min(readBesideFresh, atOnce(state)) : atOnce(state)),
      holds: (delivery) => this.rows.has(delivery),
      keep: (row, state) => this.keepRow(row, state),
      idle: (channel) => void this.channels.delete(channel),
    });
  }

  /** Takes a fresh delivery; waits only when there is no room for it anywhere, as when the database is away for long. */
  async offer(item: Item): Promise<void> {
    if (item.delivery.test) {
      this.track(this.test(item), item.delivery.lane);
      return;
    }
    let state = this.stateOf(item.delivery.channel);
    while ((state.behind || !this.hasRoom(state)) && !this.backlog.parking.hasRoom) {
      await pause(roomMs, this.parts.signal);
      if (item.lost() || this.parts.signal.aborted) return;
      state = this.stateOf(item.delivery.channel);
    }
    if (state.behind || !this.hasRoom(state)) {
      // with all its attempts under way, it could begin no more
      if (state.underWay < atOnce(state)) this.yielding.hasParked();
      return this.backlog.park(item, state);
    }
    this.yielding.hasFresh();
    this.keep(item, state);
  }

  /** Takes a row whose time has come; into the backlog when its channel is full. */
  async offerRow(row: WaitingRow): Promise<void> {
    const state = this.stateOf(row.body.channel);
    if (this.rows.has(row.body.id)) return;
    if (this.hasRoom(state)) return this.keepRow(row, state);
    await this.parts.waiting.put({ ...row, cause: 'backlog', due: null });
    // its channel may have become idle meanwhile
    const { channel } = row.body;
    const now = this.stateOf(channel);
    now.behind = true;
    this.backlog.goOn(channel, now);
  }

  get rowsHeld(): string[] {
    return [...this.rows.keys()];
  }

  /** What is in hand: worked on, and behind that. */
  get counts(): { underWay: number; behind: number } {
    let [underWay, parked] = [0, 0];
    for (const state of this.channels.values()) {
      underWay += state.underWay;
      parked += state.parked - state.stored;
    }
    return { underWay, behind: this.held - underWay + parked };
  }

  /** See Backlog: around the taking of a lane. */
  hold(channel: string): void {
    this.backlog.hold(channel);
  }
  resume(channel: string): void {
    this.backlog.resume(channel);
  }

  /** So many of these lanes, those in which least is under way. */
  idlest(lanes: readonly number[], count: number): number[] {
    const counts = new Map(lanes.map((lane) => [lane, 0]));
    for (const lane of this.works.values()) counts.set(lane, (counts.get(lane) ?? 0) + 1);
    return [...lanes].sort((a, b) => counts.get(a)! - counts.get(b)!).slice(0, count);
  }

  /** Waits for what is under way in a lane, at most `ms` and not beyond the signal. */
  async settled(lane: number, ms: number, signal: AbortSignal): Promise<void> {
    const works = [...this.works].filter(([, its]) => its === lane).map(([work]) => work);
    const over = new AbortController();
    const end = () => over.abort();
    signal.addEventListener('abort', end, { once: true });
    // what is still to be stored is let go with the lane: only a statement that is under way is waited for
    const stored = Promise.race([this.backlog.parking.empty(), pause(storedMs, over.signal)]);
    if (!signal.aborted) await Promise.race([Promise.allSettled([...works, stored]), pause(ms, over.signal)]);
    signal.removeEventListener('abort', end);
    end();
  }

  private hasRoom(state: State): boolean {
    return state.held < heldSlow || (this.held < heldInAll && state.pace.quick);
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
    while (state.ready.length > 0 && state.underWay < atOnce(state)) {
      if (state.behind && !this.yielding.allows(state)) return;
      const key = state.ready.shift()!;
      const item = state.queues.get(key)![0]!;
      state.underWay++;
      this.track(this.run(item, key, state), item.delivery.lane);
    }
  }

  private async run(item: Item, key: string, state: State): Promise<void> {
    const { channel } = item.delivery;
    await this.take(item, state).catch(this.parts.onError);
    const queue = state.queues.get(key)!;
    queue.shift();
    if (queue.length > 0) state.ready.push(key);
    else state.queues.delete(key);
    this.held--;
    state.held--;
    state.underWay--;
    state.pace.ended();
    this.begin(state);
    this.backlog.goOn(channel, state);
    if (state.held === 0 && !state.behind && state.parked === state.stored) this.channels.delete(channel);
  }

  /** Works one off, or puts it back into the table; what is another process's by now is let go. */
  private async take(given: Item, state: State): Promise<void> {
    const { channel, id } = given.delivery;
    let item = given;
    try {
      if (given.lost() || this.parts.signal.aborted) return;
      const outcome = await this.parts.work(given, {
        yields: () => state.folding,
        isLate: (delivery) => this.backlog.isLate(delivery, state),
        fold: () => {
          this.backlog.fold(channel, state);
          this.begin(state);
        },
        goesOn: (row) => {
          item = row;
          this.rows.set(id, row);
        },
      });
      if (outcome !== 'yields') return;
      if (this.rows.get(id) !== item) return this.backlog.park(item, state);
      await this.parts.waiting.put({ seq: item.seq, cause: 'backlog', due: null, body: item.delivery });
    } finally {
      // a queue's message may have put its own row there meanwhile; a row that could not be put back is in the table as it was
      if (this.rows.get(id) === item) this.rows.delete(id);
    }
  }

  /** At once, beside all that waits. */
  private async test(item: Item): Promise<void> {
    const { id } = item.delivery;
    const goesOn = (row: Item) => void this.rows.set(id, row);
    try {
      await this.parts.work(item, { yields: () => false, isLate: () => false, fold: () => {}, goesOn });
    } finally {
      this.rows.delete(id);
    }
  }

  private track(work: Promise<void>, lane: number): void {
    this.works.set(work, lane);
    void work.catch(this.parts.onError).finally(() => this.works.delete(work));
  }
}
