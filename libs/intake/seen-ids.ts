import { ask, type Bus, pause, readFrom } from '#bus';
import { IdFilter } from './id-filter.js';

/** Above so many events ids are asked for one and all: the filter takes two bytes an event. */
const mostEvents = 10_000_000;
const askMs = 5_000;
/** Read in such steps, so that whoever publishes meanwhile hardly waits. */
const step = 50;
const restMs = 10;
/** How much the clocks of services and broker may differ. */
const skewMs = 60_000;

/**
 * Says of most ids that no event has them, without asking the store: it has read the ids of all events in EVENTS until some
 * time within the duplicate window, and the broker knows the later ones. Where it cannot be sure, it says nothing: while it
 * reads, when the journal cannot be asked, or keeps events that EVENTS has not, as after the loss of the broker's disk.
 */
export class SeenIds {
  private filter = new IdFilter();
  private made = '';
  private seq = 0;
  /** Until when, by this process's clock, the filter and the duplicate window together cover all events. */
  private coversUntil = 0;
  private readonly stop = new AbortController();

  constructor(private readonly bus: Bus) {
    void this.keepUp();
  }

  close(): void {
    this.stop.abort();
  }

  /** Surely new, but for what the broker's own duplicate window finds. */
  isNew(account: string, id: string): boolean {
    return performance.now() < this.coversUntil && !this.filter.has(`${account}/${id}`);
  }

  private async keepUp(): Promise<void> {
    while (!this.stop.signal.aborted) {
      // what fails here costs a question to the journal for each id, as before
      const windowMs = await this.catchUp().catch(() => 4_000);
      // not all processes of a farm at the same moment, though they began together
      await pause(Math.min(windowMs / 4, 60_000) * (1 - Math.random() / 4), this.stop.signal);
    }
  }

  /** Reads on to the end of EVENTS; how long the duplicate window is. */
  private async catchUp(): Promise<number> {
    const began = performance.now();
    const { created, config, state } = await this.bus.jsm.streams.info('EVENTS');
    const windowMs = config.duplicate_window / 1e6;
    const now = Date.now();
    const first = state.messages > 0 ? Date.parse(state.first_ts) : now;
    const until = Math.max(Date.parse(created), first - skewMs);
    const range = { since: new Date(now - config.max_age / 1e6).toISOString(), until: new Date(until).toISOString() };
    if (state.messages > mostEvents || (await ask(this.bus, 'journal.event.any', range, askMs))) {
      this.forget('');
      return windowMs;
    }
    // also when most of what it holds has left EVENTS
    if (created !== this.made || this.filter.size > 2 * state.messages + step) this.forget(created);
    if (this.seq < state.last_seq && state.messages > 0) await this.read(state.last_seq);
    this.seq = state.last_seq;
    this.coversUntil = began + windowMs / 2;
    return windowMs;
  }

  private forget(made: string): void {
    this.filter = new IdFilter();
    this.seq = 0;
    this.coversUntil = 0;
    this.made = made;
  }

  private async read(last: number): Promise<void> {
    const reader = await readFrom(this.bus, 'EVENTS', this.seq + 1, { headersOnly: true, ahead: step });
    try {
      for (let done = false; !done; ) {
        const messages = await reader.take(step, askMs);
        for (const { headers } of messages) {
          const id = headers?.get('Nats-Msg-Id');
          if (id) this.filter.add(id);
        }
        done = messages.some(({ seq, info }) => seq >= last || info.pending === 0);
        if (!done && (messages.length === 0 || this.stop.signal.aborted)) throw new Error('EVENTS was not read to its end');
        if (!done) await pause(restMs, this.stop.signal);
      }
    } finally {
      await reader.close();
    }
  }
}
