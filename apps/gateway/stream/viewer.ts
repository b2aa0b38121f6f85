import type { Bus } from '#bus';
import { Feed } from './feed.js';
import { Outlet } from './outlet.js';
import { idOf, type NamedPlaces, placeIn } from './place.js';
import { eventsOf, outcomes, type Told } from './source.js';
import type { Tails } from './tail.js';

/** So long a client waits before it connects again. */
const retryMs = 2000;
/** Who takes nothing for so many heartbeats is gone, or as good as gone. */
const mostStalled = 4;

export interface ViewerParts {
  bus: Bus;
  tails: Tails;
  account: string;
  /** When the account was made, ms since 1970. */
  since: number;
  publicUrl: string;
  bufferBytes: number;
  beatMs: number;
  /** Whether the token is still good for this. */
  allowed: () => Promise<boolean>;
  onError: (error: unknown) => void;
}

/** One open stream: from the moment it is asked for until its connection is closed. */
export class Viewer {
  readonly outlet: Outlet;
  /** When nothing of it is left. */
  readonly closed: Promise<void>;
  private readonly leaving = new AbortController();
  private feeds: [events: Feed, outcomes: Feed] | undefined;
  private timer: NodeJS.Timeout | undefined;
  private lastId = '';
  private stalled = 0;

  constructor(private readonly parts: ViewerParts) {
    this.outlet = new Outlet(parts.bufferBytes);
    this.closed = new Promise((done) => {
      this.outlet.once('close', () => {
        clearInterval(this.timer);
        this.leaving.abort();
        done();
      });
    });
  }

  /** From here on nothing that happens is missed. Throws when the broker does not answer. */
  async open(given: NamedPlaces | undefined): Promise<void> {
    const { bus, tails, account, since, publicUrl, beatMs, onError } = this.parts;
    const { signal } = this.leaving;
    const sources = [eventsOf(account, publicUrl), outcomes] as const;
    const [events, ended] = await Promise.all([tails.lend(sources[0], signal), tails.lend(sources[1], signal)]);
    if (signal.aborted) return;
    const parts = { bus, account, since, signal, onError, tell: (told: Told) => this.tell(told) };
    this.feeds = [
      new Feed({
        ...parts,
        source: sources[0],
        tail: events,
        from: given ? placeIn(given.events, events.place.made) : events.place,
      }),
      new Feed({
        ...parts,
        source: sources[1],
        tail: ended,
        from: given ? placeIn(given.outcomes, ended.place.made) : ended.place,
      }),
    ];
    this.outlet.send(`retry: ${retryMs}\n${this.newId()}\n`);
    const behind = this.feeds.filter((feed) => !feed.join());
    this.timer = setInterval(() => this.beat(), beatMs);
    void this.catchUp(behind).catch((error) => {
      onError(error);
      this.outlet.destroy();
    });
  }

  /** Events before outcomes: what is told of a delivery follows what it delivers. */
  private async catchUp(feeds: Feed[]): Promise<void> {
    for (const feed of feeds) await feed.catchUp(() => this.outlet.room());
    this.outlet.send(': live\n\n');
  }

  private tell(told: Told): void {
    this.outlet.send(`${this.newId()}${told.text()}\n`);
  }

  /** A sign of life, with the place when others' messages have moved it; and a look whether anybody listens, and still may. */
  private beat(): void {
    this.stalled = this.outlet.stalled() ? this.stalled + 1 : 0;
    if (this.stalled >= mostStalled) {
      this.outlet.destroy();
      return;
    }
    const before = this.lastId;
    const id = this.newId();
    this.outlet.send(this.lastId === before ? ':\n\n' : `:\n${id}\n`);
    void this.parts.allowed().then((allowed) => allowed || this.outlet.end(), this.parts.onError);
  }

  private newId(): string {
    const [events, outcomes] = this.feeds!;
    this.lastId = idOf({ events: events.place, outcomes: outcomes.place });
    return `id: ${this.lastId}\n`;
  }
}
