import { type Place, type StreamName, transient, upsertPlaces } from '#bus';
import type { Rejection, Report, Routed } from '#contracts';
import { type Database, gathering } from '#runtime';
import { byKey, firstEvent, firstRejected, keptAttempt, mergedDelivery } from './merge.js';
import { deletedAt } from './page.js';
import { plainJson } from './plain.js';
import {
  type AttemptRow,
  type DeliveryRow,
  type EventRow,
  eventRow,
  type ReadEvent,
  type RejectedRow,
  rejectedRow,
  reportRows,
  routedRows,
} from './rows.js';

/** A space cannot stand in an account's name. */
const keyOfEvent = (row: { account: string; id: string }) => `${row.account} ${row.id}`;

/** What a batch of a stream comes to, and the place that it reaches. */
interface Rows {
  events: readonly EventRow[];
  deliveries: readonly DeliveryRow[];
  attempts: readonly AttemptRow[];
  rejected: readonly RejectedRow[];
  stream: StreamName;
  place: Place;
}
const none = { events: [], deliveries: [], attempts: [], rejected: [] };

/**
 * Writes batches of messages, whatever came before, or twice. What the streams bring within `lingerMs` goes into one statement:
 * a delivery that is routed and reported meanwhile is written once.
 */
export class Store {
  private readonly write: (rows: Rows) => Promise<void>;

  constructor(
    private readonly database: Database,
    lingerMs = 0,
  ) {
    this.write = gathering<Rows>((given) => this.writeAll(given), { lingerMs, splits: (error) => !transient(error) });
  }

  async events(messages: readonly ReadEvent[], place: Place): Promise<void> {
    return this.write({ ...none, events: messages.map(eventRow), stream: 'EVENTS', place });
  }

  async routed(messages: readonly { body: Routed }[], place: Place): Promise<void> {
    return this.write({ ...none, deliveries: messages.flatMap(({ body }) => routedRows(body)), stream: 'ROUTED', place });
  }

  async reports(messages: readonly { body: Report }[], place: Place): Promise<void> {
    const rows = messages.map(({ body }) => reportRows(body));
    const deliveries = rows.map((row) => row.delivery);
    const attempts = rows.flatMap((row) => row.attempt ?? []);
    return this.write({ ...none, deliveries, attempts, stream: 'ATTEMPTS', place });
  }

  async rejected(messages: readonly { body: Rejection }[], place: Place): Promise<void> {
    return this.write({ ...none, rejected: messages.map(({ body }) => rejectedRow(body)), stream: 'REJECTED', place });
  }

  /** One statement: one transaction, one round trip. */
  private async writeAll(given: Rows[]): Promise<void> {
    const events = byKey(
      given.flatMap((rows) => rows.events),
      keyOfEvent,
      firstEvent,
    );
    const deliveries = byKey(
      given.flatMap((rows) => rows.deliveries),
      (row) => row.id,
      mergedDelivery,
    );
    const attempts = byKey(
      given.flatMap((rows) => rows.attempts),
      (row) => `${row.delivery} ${row.n}`,
      keptAttempt,
    );
    const rejected = byKey(
      given.flatMap((rows) => rows.rejected),
      (row) => row.id,
      firstRejected,
    );
    const places = byKey(
      given.map(({ stream, place }) => ({ stream, ...place })),
      (row) => row.stream,
      (a, b) => (b.seq > a.seq || a.made !== b.made ? b : a),
    );
    const values = [events, deliveries, attempts, rejected, places].map(plainJson);
    const touched = deliveries.filter((row) => row.folded_into !== null || row.event_type === 'channel.summary');
    if (touched.length === 0) return void (await this.database.query(upsertAll, values));
    await this.database.transaction(async (manager) => {
      await manager.query(upsertAll, values);
      await manager.query(followSummaries, [touched.map((row) => row.id)]);
    });
  }
}

// the first body wins, but against that of an account which was deleted since
const upsertEvents = `
  insert into event as held (account, id, seq, type, printer, organization, time, accepted_at, trace, body)
  select account, id, seq, type, printer, organization, time, accepted_at, trace, body from json_populate_recordset(null::event, $1)
  on conflict (account, id) do update set
    seq = excluded.seq, type = excluded.type, printer = excluded.printer, organization = excluded.organization,
    time = excluded.time, accepted_at = excluded.accepted_at, trace = excluded.trace, body = excluded.body
  where (excluded.accepted_at, excluded.seq) < (held.accepted_at, held.seq) or held.accepted_at <= ${deletedAt('held.account')}`;

const ofGreaterClaim = ['outcome', 'reason', 'finished_at', 'next_attempt_at']
  .map((column) => `${column} = case when excluded.claim > held.claim then excluded.${column} else held.${column} end`)
  .join(', ');

// least() passes over nulls; the last condition leaves alone what would only be written as it is
const upsertDeliveries = `
  insert into delivery as held (id, account, channel, channel_type, event_id, event_type, outcome, reason, created_at,
    finished_at, next_attempt_at, replay_of, folded_into, acknowledged_at, acknowledged_by, test, claim)
  select id, account, channel, channel_type, event_id, event_type, outcome, reason, created_at,
    finished_at, next_attempt_at, replay_of, folded_into, acknowledged_at, acknowledged_by, test, claim from json_populate_recordset(null::delivery, $2)
  on conflict (id) do update set
    ${ofGreaterClaim},
    created_at = least(held.created_at, excluded.created_at),
    replay_of = least(held.replay_of, excluded.replay_of),
    folded_into = least(held.folded_into, excluded.folded_into),
    acknowledged_at = least(held.acknowledged_at, excluded.acknowledged_at),
    acknowledged_by = least(held.acknowledged_by, excluded.acknowledged_by),
    test = held.test or excluded.test,
    claim = greatest(held.claim, excluded.claim)
  where excluded.claim > held.claim
    or excluded.created_at < held.created_at
    or least(held.replay_of, excluded.replay_of) is distinct from held.replay_of
    or least(held.folded_into, excluded.folded_into) is distinct from held.folded_into
    or least(held.acknowledged_at, excluded.acknowledged_at) is distinct from held.acknowledged_at
    or (excluded.test and not held.test)`;

/** What was folded ends as its summary does, whichever of the two is heard of first. */
const followSummaries = `
  update delivery as held set outcome = summary.outcome, reason = summary.reason, finished_at = summary.finished_at,
    next_attempt_at = null, claim = summary.claim
  from delivery as summary
  where held.folded_into = summary.id and summary.outcome is not null and held.claim < summary.claim
    and (held.id = any($1) or summary.id = any($1))`;

const attemptOrder = (row: string) =>
  `(${row}.reason is not null, ${row}.at, ${row}.latency_ms, coalesce(${row}.status, -1), coalesce(${row}.reason, ''), ${row}.answer)`;

const upsertAttempts = `
  insert into attempt as held (delivery, n, at, latency_ms, status, reason, answer)
  select delivery, n, at, latency_ms, status, reason, answer from json_populate_recordset(null::attempt, $3)
  on conflict (delivery, n) do update set
    at = excluded.at, latency_ms = excluded.latency_ms, status = excluded.status,
    reason = excluded.reason, answer = excluded.answer
  where ${attemptOrder('excluded')} < ${attemptOrder('held')}`;

const upsertRejected = `
  insert into rejected as held (id, at, service, subject, account, errors, body)
  select id, at, service, subject, account, errors, body from json_populate_recordset(null::rejected, $4)
  on conflict (id) do update set
    at = excluded.at, service = excluded.service, subject = excluded.subject, account = excluded.account,
    errors = excluded.errors, body = excluded.body
  where excluded.at < held.at`;

const upsertAll = `
  with events as (${upsertEvents}), deliveries as (${upsertDeliveries}), attempts as (${upsertAttempts}),
    rejected as (${upsertRejected})
  ${upsertPlaces('$5')}`;
