import type { Random } from './random.js';
import { type Accepted, type Way, ways } from './records.js';

/** What a publisher sends: the envelope, and how it is published. */
export interface LoadEvent extends Pick<Accepted, 'id' | 'type' | 'severity' | 'printer' | 'tags' | 'n' | 'way'> {}

/** Types as they come from a farm, with their severities in the catalogue; some more often than others. */
const types: [type: string, severity: string, weight: number][] = [
  ['job.started', 'info', 8],
  ['job.succeeded', 'success', 6],
  ['job.failed', 'error', 3],
  ['job.paused', 'warning', 3],
  ['job.resumed', 'info', 3],
  ['printer.online', 'info', 2],
  ['printer.offline', 'warning', 1],
  ['printer.error', 'error', 2],
  ['order.closed', 'success', 2],
];
const drawn = types.flatMap(([type, severity, weight]) => Array.from({ length: weight }, () => ({ type, severity })));

/** A printer keeps to one way: events that take different ways have no order among them. */
export const wayOf = (printer: number): Way => ways[printer % ways.length]!;

/** The nth event of a printer. */
export function eventOf(printer: number, n: number, random: Random): LoadEvent {
  return {
    id: `p${printer}.${n}`,
    printer: `p${printer}`,
    tags: [`room ${printer % 4}`],
    n,
    way: wayOf(printer),
    ...random.pick(drawn),
  };
}

/** The envelope. Its title is its id: a chat message carries nothing else by which it could be told from others. */
export const bodyOf = ({ id, type, printer, tags, n }: LoadEvent) => ({
  id,
  type,
  title: id,
  printer: { id: printer, tags },
  job: { id: `${printer}-${n}`, name: 'Benchy' },
});
