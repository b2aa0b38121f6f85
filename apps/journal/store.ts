import type { Incoming } from '#bus';
import type { FarmEvent, Rejection, Report, Routed } from '#contracts';
import type { Database } from '#runtime';
import { byKey, firstEvent, firstRejected, keptAttempt, mergedDelivery } from './merge.js';
import { plainJson } from './plain.js';
import { type AttemptRow, type DeliveryRow, eventRow, rejectedRow, reportRows, routedRows } from './rows.js';

/** A space cannot stand in an account's name. */
const keyOfEvent = (row: { account: string; id: string }) => `${row.account} ${row.id}`;

/** Writes batches of messages: one statement a table, whatever came before, or twice. */
export class Store {
  constructor(private readonly database: Database) {}

  async events(messages: readonly Pick<Incoming<FarmEvent>, 'body' | 'seq' | 'time'>[]): Promise<void> {
    const rows = byKey(messages.map(eventRow), keyOfEvent, firstEvent);
    await this.database.query(upsertEvents, [plainJson(rows)]);
  }

  async routed(messages: readonly { body: Routed }[]): Promise<void> {
    const rows = messages.flatMap(({ body }) => routedRows(body));
    await this.write(rows, []);
  }

  async reports(messages: readonly { body: Report }[]): Promise<void> {
    const rows = messages.map(({ body }) => reportRows(body));
    await this.write(
      rows.map((row) => row.delivery),
      rows.flatMap((row) => row.attempt ?? []),
    );
  }

  async rejected(messages: readonly { body: Rejection }[]): Promise<void> {
    const rows = byKey(
      messages.map(({ body }) => rejectedRow(body)),
      (row) => row.id,
      firstRejected,
    );
    await this.database.query(upsertRejected, [plainJson(rows)]);
  }

  /** Attempts in the same statement: a batch is one transaction, and one round trip. */
  private async write(deliveries: readonly DeliveryRow[], attempts: readonly AttemptRow[]): Promise<void> {
    const rows = byKey(deliveries, (row) => row.id, mergedDelivery);
    if (rows.length === 0) return;
    if (attempts.length === 0) {
      await this.database.query(upsertDeliveries, [plainJson(rows)]);
      return;
    }
    const made = byKey(attempts, (row) => `${row.delivery} ${row.n}`, keptAttempt);
    await this.database.query(`with written as (${upsertDeliveries}) ${upsertAttempts}`, [plainJson(rows), plainJson(made)]);
  }
}

const upsertEvents = `
  insert into event as held (account, id, seq, type, printer, organization, time, accepted_at, body)
  select account, id, seq, type, printer, organization, time, accepted_at, body from json_populate_recordset(null::event, $1)
  on conflict (account, id) do update set
    seq = excluded.seq, type = excluded.type, printer = excluded.printer, organization = excluded.organization,
    time = excluded.time, accepted_at = excluded.accepted_at, body = excluded.body
  where (excluded.accepted_at, excluded.seq) < (held.accepted_at, held.seq)`;

const ofGreaterClaim = ['outcome', 'reason', 'finished_at', 'next_attempt_at']
  .map((column) => `${column} = case when excluded.claim > held.claim then excluded.${column} else held.${column} end`)
  .join(', ');

// least() passes over nulls; the last condition leaves alone what would only be written as it is
const upsertDeliveries = `
  insert into delivery as held (id, account, channel, channel_type, event_id, event_type, outcome, reason, created_at,
    finished_at, next_attempt_at, replay_of, folded_into, test, claim)
  select id, account, channel, channel_type, event_id, event_type, outcome, reason, created_at,
    finished_at, next_attempt_at, replay_of, folded_into, test, claim from json_populate_recordset(null::delivery, $1)
  on conflict (id) do update set
    ${ofGreaterClaim},
    created_at = least(held.created_at, excluded.created_at),
    replay_of = least(held.replay_of, excluded.replay_of),
    folded_into = least(held.folded_into, excluded.folded_into),
    test = held.test or excluded.test,
    claim = greatest(held.claim, excluded.claim)
  where excluded.claim > held.claim
    or excluded.created_at < held.created_at
    or least(held.replay_of, excluded.replay_of) is distinct from held.replay_of
    or least(held.folded_into, excluded.folded_into) is distinct from held.folded_into
    or (excluded.test and not held.test)`;

const attemptOrder = (row: string) =>
  `(${row}.reason is not null, ${row}.at, ${row}.latency_ms, coalesce(${row}.status, -1), coalesce(${row}.reason, ''), ${row}.answer)`;

const upsertAttempts = `
  insert into attempt as held (delivery, n, at, latency_ms, status, reason, answer)
  select delivery, n, at, latency_ms, status, reason, answer from json_populate_recordset(null::attempt, $2)
  on conflict (delivery, n) do update set
    at = excluded.at, latency_ms = excluded.latency_ms, status = excluded.status,
    reason = excluded.reason, answer = excluded.answer
  where ${attemptOrder('excluded')} < ${attemptOrder('held')}`;

const upsertRejected = `
  insert into rejected as held (id, at, service, subject, account, errors, body)
  select id, at, service, subject, account, errors, body from json_populate_recordset(null::rejected, $1)
  on conflict (id) do update set
    at = excluded.at, service = excluded.service, subject = excluded.subject, account = excluded.account,
    errors = excluded.errors, body = excluded.body
  where excluded.at < held.at`;
