import { type Bus, type Place, readOn } from '#bus';
import type { Source, Told } from './source.js';
import type { Tail } from './tail.js';

/** Held in memory at most for one who catches up, beside what is on its way to them. */
const ahead = 50;

export interface FeedParts {
  bus: Bus;
  source: Source;
  tail: Tail;
  account: string;
  /** What is older is of another account, which had this id before: ms since 1970. */
  since: number;
  /** How far it was told before. */
  from: Place;
  tell: (told: Told) => void;
  signal: AbortSignal;
  onError: (error: unknown) => void;
}

/** One source for one viewer: what was missed, by a reader of its own, and then what the shared tail tells. */
export class Feed {
  private told: Place;
  private joined = false;
  private epoch = 0;

  constructor(private readonly parts: FeedParts) {
    this.told = parts.from;
  }

  /** Behind which message the viewer goes on after a cut. */
  get place(): Place {
    return this.joined && !this.toldBefore() ? this.parts.tail.place : this.told;
  }

  /** Goes on with the tail, if what it tells next is what comes next here: then true. */
  join(): boolean {
    const { tail } = this.parts;
    if (tail.place.made === this.told.made && tail.place.seq === this.told.seq) this.listen();
    return this.joined;
  }

  /** Tells what was missed, no faster than `room` allows, until the tail goes on from there. */
  async catchUp(room: () => Promise<void>): Promise<void> {
    const { bus, source, tail, account, since, tell, signal, onError } = this.parts;
    const reading = new AbortController();
    const stop = () => reading.abort();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) return;
    const joinIfThere = (pending: number) => {
      // the tail began before this reader: what it has told nobody is among what was pending
      if (pending > 0 || tail.last > this.told.seq) return;
      this.listen();
      stop();
    };
    const options = {
      stream: source.stream,
      filter: source.filter,
      from: async () => this.told,
      max: ahead,
      ahead,
      begun: (place: Place, behind: number) => {
        this.told = place;
        joinIfThere(behind);
      },
      signal: reading.signal,
      onError,
    };
    await readOn(bus, options, async (batch, made) => {
      for (const message of batch) {
        const told = source.read(message);
        const mine = told?.account === account && told.at >= since ? told : undefined;
        if (mine) await room();
        if (signal.aborted) return;
        this.told = { made, seq: message.seq };
        if (mine) tell(mine);
      }
      joinIfThere(batch.at(-1)!.info.pending);
    });
    signal.removeEventListener('abort', stop);
  }

  private listen(): void {
    const { tail, account, since, tell, signal } = this.parts;
    this.joined = true;
    this.epoch = tail.epoch;
    const hear = (told: Told) => {
      if (this.toldBefore()) return;
      this.told = tail.place;
      if (told.at >= since) tell(told);
    };
    tail.listen(account, hear, signal);
  }

  /** Whether the viewer's own reader was further than the tail is now. */
  private toldBefore(): boolean {
    const { place, epoch } = this.parts.tail;
    return epoch === this.epoch && place.made === this.told.made && place.seq <= this.told.seq;
  }
}
