import { setTimeout as delay } from 'node:timers/promises';
import { pause } from '#bus';
import { doom } from './channels.js';
import { eventOf, type LoadEvent } from './events.js';
import { randomOf } from './random.js';
import type { Accepted } from './records.js';

export interface LoadParts {
  /** One try; throws when it is not known that the event was accepted. */
  publish: (event: LoadEvent) => Promise<void>;
  seed: number;
  printers: number;
  /** Events a second, all printers together. */
  rate: number;
  signal: AbortSignal;
  onRefused: (event: LoadEvent, error: unknown) => void;
}

const againMs = 200;
/** What was missed while nothing was taken is made up for, but not more than this. */
const behindMs = 5000;

/** Publishers as good ones are: each printer's events one after another, each with the same id until it is accepted. */
export class Load {
  readonly accepted: Accepted[] = [];
  private running: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: LoadParts) {}

  start(): void {
    const { printers } = this.parts;
    this.running = Promise.all(Array.from({ length: printers }, (_, printer) => this.printer(printer)));
  }

  /** Resolves when every printer has its last answer. */
  async ended(): Promise<void> {
    await this.running;
  }

  /** Publishes one event until it is accepted. */
  async until(event: LoadEvent): Promise<void> {
    const triedAt = Date.now();
    for (let tries = 1; ; tries++) {
      try {
        await this.parts.publish(event);
        this.accepted.push({ ...event, triedAt, acceptedAt: Date.now(), tries });
        return;
      } catch (error) {
        this.parts.onRefused(event, error);
        await delay(againMs);
      }
    }
  }

  private async printer(printer: number): Promise<void> {
    const { seed, printers, rate, signal } = this.parts;
    const random = randomOf(seed + printer + 1);
    const everyMs = (1000 * printers) / rate;
    let due = Date.now() + random.between(0, everyMs);
    for (let n = 0; !signal.aborted; n++) {
      await pause(due - Date.now(), signal);
      if (signal.aborted) return;
      await this.until(eventOf(printer, n, random));
      due = Math.max(due + everyMs * random.between(0.7, 1.3), Date.now() - behindMs);
    }
  }
}

/** Events for the channel that will be gone: first those that will wait, then the one that it dies of. */
export const doomedEvent = (n: number, last: boolean): LoadEvent => ({
  id: last ? doom : `doomed.${n}`,
  type: 'custom.doomed',
  severity: 'info',
  printer: 'doomed',
  tags: [],
  n,
  way: 'rest',
});
