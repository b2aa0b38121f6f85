import { Doorbell } from '#bus';
import type { Waiting, WaitingRow } from './waiting.js';

const ofALane = 50;
const longestMs = 10_000;

export interface DueRowsParts {
  waiting: Waiting;
  lanes: () => number[];
  held: () => string[];
  offer: (row: WaitingRow) => Promise<void>;
  onError: (error: unknown) => void;
  signal: AbortSignal;
}

/** Brings back from the waiting table what is due; sleeps until the next time that it knows of. */
export class DueRows {
  private readonly alarm = new Doorbell();
  private wakeAt = 0;

  constructor(private readonly parts: DueRowsParts) {}

  /** Something waits until `due`: perhaps sooner than what is slept for. */
  wake(due: Date): void {
    if (due.getTime() < this.wakeAt) this.alarm.ring();
  }

  async run(): Promise<void> {
    const { signal, onError } = this.parts;
    signal.addEventListener('abort', () => this.alarm.ring(), { once: true });
    while (!signal.aborted) {
      this.wakeAt = Date.now() + longestMs;
      try {
        this.wakeAt = await this.turn();
      } catch (error) {
        onError(error);
      }
      if (!signal.aborted) await this.alarm.wait(Math.max(5, this.wakeAt - Date.now()));
    }
  }

  /** Offers what is due; when to look again. */
  private async turn(): Promise<number> {
    const { waiting, lanes, held, offer } = this.parts;
    const rows = await waiting.due(lanes(), ofALane, held());
    for (const row of rows) await offer(row);
    if (rows.length > 0) return Date.now();
    const next = await waiting.nextDue(lanes());
    return Math.min(Date.now() + longestMs, Math.max(next?.getTime() ?? Number.POSITIVE_INFINITY, Date.now() + 20));
  }
}
