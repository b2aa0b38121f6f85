import { Counter } from 'prom-client';
import { metrics } from '#runtime';
import type { Row } from './intake.js';

/** How an event came: REST, gRPC, bare NATS, or made by Farmbell. */
export type Way = 'rest' | 'grpc' | 'nats' | 'own';
/**
 * `rejected`: at fault; `limited`: refused because of FARMBELL_PUBLISH_PER_S; `failed`: could not be stored, and its publisher
 * was told so.
 */
type Result = 'accepted' | 'duplicate' | 'rejected' | 'limited' | 'failed';
const results: Result[] = ['accepted', 'duplicate', 'rejected', 'limited', 'failed'];

const events = new Counter({
  name: 'farmbell_events_total',
  help: 'Events by the way they came and what became of them; own: those that Farmbell makes itself',
  labelNames: ['way', 'result'],
  registers: [metrics],
});

export function zeroEvents(...ways: Way[]): void {
  for (const way of ways) for (const result of results) events.inc({ way, result }, 0);
}

export const countEvents = (way: Way, result: Result, count = 1): void => events.inc({ way, result }, count);

export function countRows(way: Way, rows: readonly Row[]): void {
  for (const row of rows) countEvents(way, 'errors' in row ? 'rejected' : row.duplicate ? 'duplicate' : 'accepted');
}

/** Counts what becomes of so many events when it is known. */
export async function counted(way: Way, count: number, rows: Promise<Row[]>): Promise<Row[]> {
  try {
    const found = await rows;
    countRows(way, found);
    return found;
  } catch (error) {
    countEvents(way, 'failed', count);
    throw error;
  }
}

/** An event of Farmbell's own that was published; told twice, it is one. */
export const countOwn = ({ duplicate }: { duplicate: boolean }): void => countEvents('own', duplicate ? 'duplicate' : 'accepted');
