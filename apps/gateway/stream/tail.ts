import { type Bus, endOf, type Place, readOn } from '#bus';
import type { Source, Told } from './source.js';

export type Listener = (told: Told) => void;

/** Reads what comes new into a stream of the broker, once for everybody in this process who listens to it. */
export class Tail {
  /** The last message that was read, or the stream's end as it was at the start. */
  place: Place;
  /** The sequence of the last message that was read; 0: none yet. */
  last = 0;
  /** Raised when the stream was made anew or lost its newest messages: sequences of before are given again. */
  epoch = 0;
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly stopping = new AbortController();
  private readonly reading: Promise<void>;

  private constructor(bus: Bus, source: Source, from: Place, onError: (error: unknown) => void) {
    this.place = from;
    this.reading = readOn(
      bus,
      {
        stream: source.stream,
        filter: source.filter,
        from: async () => this.place,
        begun: (place) => this.goOn(place),
        signal: this.stopping.signal,
        onError,
      },
      async (batch, made) => {
        for (const message of batch) {
          this.place = { made, seq: message.seq };
          this.last = message.seq;
          const told = source.read(message);
          if (told) for (const listener of this.listeners.get(told.account) ?? []) listener(told);
        }
      },
    );
  }

  /** Everything that is stored after this call is told to those who listen by then. */
  static async start(bus: Bus, source: Source, onError: (error: unknown) => void): Promise<Tail> {
    return new Tail(bus, source, await endOf(bus, source.stream), onError);
  }

  listen(account: string, listener: Listener, signal: AbortSignal): void {
    const mine = this.listeners.get(account) ?? new Set();
    this.listeners.set(account, mine.add(listener));
    const leave = () => {
      mine.delete(listener);
      if (mine.size === 0 && this.listeners.get(account) === mine) this.listeners.delete(account);
    };
    signal.addEventListener('abort', leave, { once: true });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.reading;
  }

  private goOn(place: Place): void {
    if (place.made !== this.place.made || place.seq < this.place.seq) {
      this.epoch += 1;
      this.last = 0;
    }
    this.place = place;
  }
}

interface Lent {
  tail: Promise<Tail>;
  users: number;
}

/** The tails that are read now: each begins with its first user and ends with its last. */
export class Tails {
  private readonly lent = new Map<string, Lent>();
  private readonly ending = new Set<Promise<void>>();

  constructor(
    private readonly bus: Bus,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Until the signal aborts. Throws when the broker does not answer: the tail must be given back then too. */
  lend(source: Source, signal: AbortSignal): Promise<Tail> {
    const key = `${source.stream} ${source.filter ?? ''}`;
    const lent = this.lent.get(key) ?? { tail: Tail.start(this.bus, source, this.onError), users: 0 };
    this.lent.set(key, lent);
    lent.users += 1;
    signal.addEventListener('abort', () => this.takeBack(key, lent), { once: true });
    return lent.tail;
  }

  /** When every tail that has no user any more has ended. */
  async ended(): Promise<void> {
    await Promise.all(this.ending);
  }

  private takeBack(key: string, lent: Lent): void {
    lent.users -= 1;
    if (lent.users > 0) return;
    this.lent.delete(key);
    const end: Promise<void> = lent.tail
      .then((tail) => tail.stop())
      .catch(() => {})
      .finally(() => void this.ending.delete(end));
    this.ending.add(end);
  }
}
