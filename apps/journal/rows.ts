import { type Incoming, Poison, traceOfMessage } from '#bus';
import type { Decision, FarmEvent, Rejection, Report, Routed } from '#contracts';
import { plainTime } from './plain.js';
import { type Standing, standing, unheard } from './standing.js';

/** Rows as they are written; times are ISO texts. */
export interface EventRow {
  account: string;
  id: string;
  /** Place in the EVENTS stream. */
  seq: number;
  type: string;
  printer: string | null;
  organization: string | null;
  time: string;
  accepted_at: string;
  /** For what is sent anew. */
  trace: string | null;
  body: FarmEvent;
}

/** An event as it is read from EVENTS. */
export type ReadEvent = Pick<Incoming<FarmEvent>, 'body' | 'seq' | 'time'> & Partial<Pick<Incoming<FarmEvent>, 'headers'>>;

export interface DeliveryRow extends Standing {
  id: string;
  account: string;
  channel: string;
  channel_type: string;
  event_id: string;
  event_type: string;
  created_at: string;
  replay_of: string | null;
  folded_into: string | null;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  test: boolean;
}

export interface AttemptRow {
  delivery: string;
  n: number;
  at: string;
  latency_ms: number;
  status: number | null;
  reason: string | null;
  answer: string;
}

export type RejectedRow = Rejection;

export function eventRow({ body, seq, time, headers }: ReadEvent): EventRow {
  return {
    account: name(body, 'account'),
    id: name(body, 'id'),
    seq,
    type: name(body, 'type'),
    printer: body.printer?.id ?? null,
    organization: body.organization ?? null,
    time: iso(body, 'time'),
    accepted_at: time.toISOString(),
    trace: traceOfMessage(headers) ?? null,
    body,
  };
}

export function routedRows(routed: Routed): DeliveryRow[] {
  const account = name(routed, 'account');
  if (!Array.isArray(routed.decisions)) throw new Poison([{ path: 'decisions', message: 'must be an array' }]);
  return routed.decisions.map((decision: Decision) => ({
    id: name(decision, 'delivery'),
    account,
    channel: name(decision, 'channel'),
    channel_type: name(decision, 'channel_type'),
    event_id: name(decision, 'event_id'),
    event_type: name(decision, 'event_type'),
    created_at: iso(decision, 'at'),
    replay_of: null,
    folded_into: null,
    acknowledged_at: null,
    acknowledged_by: null,
    test: false,
    ...unheard,
  }));
}

/** The delivery of a report, also when it is the first that is heard of it, and the attempt where the report has one. */
export function reportRows(report: Report): { delivery: DeliveryRow; attempt?: AttemptRow } {
  const id = name(report, 'delivery');
  const delivery: DeliveryRow = {
    id,
    account: name(report, 'account'),
    channel: name(report, 'channel'),
    channel_type: name(report, 'channel_type'),
    event_id: name(report, 'event_id'),
    event_type: name(report, 'event_type'),
    created_at: iso(report, 'created_at'),
    replay_of: report.replay_of ?? null,
    folded_into: report.folded_into ?? null,
    acknowledged_at: plainTime(report.acknowledged?.at) ?? null,
    acknowledged_by: report.acknowledged?.by ?? null,
    test: report.test === true,
    ...standing(report, iso(report, 'at')),
  };
  const made = report.attempt;
  if (!made) return { delivery };
  if (!Number.isInteger(made.n)) throw new Poison([{ path: 'attempt.n', message: 'must be a whole number' }]);
  const attempt: AttemptRow = {
    delivery: id,
    n: made.n,
    at: iso(made, 'at'),
    latency_ms: Math.round(made.latency_ms) || 0,
    status: made.status ?? null,
    reason: made.reason ?? null,
    answer: made.answer ?? '',
  };
  return { delivery, attempt };
}

export function rejectedRow(body: Rejection): RejectedRow {
  return {
    id: name(body, 'id'),
    at: iso(body, 'at'),
    service: body.service ?? '',
    subject: body.subject ?? '',
    account: body.account ?? null,
    errors: Array.isArray(body.errors) ? body.errors : [],
    body: body.body ?? '',
  };
}

/** What a row cannot be without. Every sender is Farmbell's own, so that only a stranger's message can lack it. */
function name<T extends object>(of: T, key: keyof T & string): string {
  const value = (of as T | null)?.[key];
  if (typeof value === 'string' && value !== '') return value;
  throw new Poison([{ path: key, message: 'must be a text that is not empty' }]);
}

function iso<T extends object>(of: T, key: keyof T & string): string {
  const time = plainTime(of[key]);
  if (time) return time;
  throw new Poison([{ path: key, message: 'must be an RFC 3339 date and time' }]);
}
