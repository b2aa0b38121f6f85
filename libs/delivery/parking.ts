import { pause } from '#bus';
import type { Waiting } from './waiting.js';
import type { Item } from './worker.js';

const rowsAStatement = 500;
const gatherMs = 2;
const againMs = 1000;
/** Not stored yet at most, while the database is away. */
const most = 5000;

export interface ParkingParts {
  waiting: Waiting;
  /** One is in the table (or another process's by now). */
  stored: (item: Item) => void;
  onError: (error: unknown) => void;
  signal: AbortSignal;
}

/** Puts deliveries of busy channels into the waiting table, many rows a statement, and gives their messages up. */
export class Parking {
  private parked: Item[] = [];
  private flushing: Promise<void> | undefined;

  constructor(private readonly parts: ParkingParts) {}

  get hasRoom(): boolean {
    return this.parked.length < most;
  }

  park(item: Item): void {
    this.parked.push(item);
    this.flushing ??= this.flush().finally(() => {
      this.flushing = undefined;
    });
  }

  /** Resolves when all that was parked by now is stored. */
  async empty(): Promise<void> {
    await this.flushing;
  }

  private async flush(): Promise<void> {
    const { waiting, stored, onError, signal } = this.parts;
    await pause(gatherMs);
    while (this.parked.length > 0) {
      const items = this.parked.splice(0, rowsAStatement);
      // what another process owns by now is its own to park
      const mine = items.filter((item) => !item.lost());
      let lanes: ReadonlySet<number>;
      try {
        lanes = await waiting.putAll(mine.map(({ delivery, seq }) => ({ seq, cause: 'backlog', due: null, body: delivery })));
      } catch (error) {
        onError(error);
        this.parked.unshift(...items);
        if (signal.aborted) return;
        await pause(againMs, signal);
        continue;
      }
      for (const item of mine) if (lanes.has(item.delivery.lane)) void item.wait();
      for (const item of items) stored(item);
    }
  }
}
