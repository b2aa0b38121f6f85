import { Pace } from './pace.js';
import type { Item } from './worker.js';

/** What a process has in hand of one channel. */
export interface State {
  held: number;
  underWay: number;
  /** In order per printer: one under way, the others behind it. */
  queues: Map<string, Item[]>;
  /** Printers whose next one may begin, in the order of their turns. */
  ready: string[];
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
  /** What waits is being put into one summary. */
  folding: boolean;
  /** When it became busy, ms since the epoch. */
  since: number;
  /** Asked for while it was being drained. */
  drainAgain: boolean;
  pace: Pace;
}

export const idle = (): State => ({
  held: 0,
  underWay: 0,
  queues: new Map(),
  ready: [],
  behind: false,
  parked: 0,
  stored: 0,
  resumeAt: 0,
  paused: false,
  draining: false,
  folding: false,
  since: Date.now(),
  drainAgain: false,
  pace: new Pace(),
});
