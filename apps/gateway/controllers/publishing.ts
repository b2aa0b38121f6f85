import { JetStreamError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { Inject, Injectable } from '@nestjs/common';
import { transient } from '#bus';
import { invalid, Problem } from '#contracts';
import { countEvents, counted, Intake, logTaken, type Row, zeroEvents } from '#intake';
import { Buckets, beginHop, CONFIG, LOG, type Log, newTrace, type Settings, traceHeader, traceIdOf, traceOf } from '#runtime';
import { cloudFaults, eventsOf, withId } from '../http/event-body.js';
import type { Call } from '../routes/call.js';

/** POST /v1/events: from the body's bytes to the answer. */
@Injectable()
export class Publishing {
  private readonly rate: Buckets | undefined;

  constructor(
    @Inject(Intake) private readonly intake: Intake,
    @Inject(CONFIG) config: Settings,
    @Inject(LOG) private readonly log: Log,
  ) {
    const perS = config.FARMBELL_PUBLISH_PER_S;
    this.rate = perS > 0 ? new Buckets(perS, perS) : undefined;
    zeroEvents('rest');
  }

  async publish(call: Call): Promise<Row | { results: Row[] }> {
    const { account } = call.caller;
    const parent = traceOf(call.headers[traceHeader]);
    const hop = beginHop('gateway', 'POST /v1/events', 'server', parent);
    hop?.set({ 'http.request.method': 'POST', 'http.route': '/v1/events', 'farmbell.account': account });
    try {
      const answer = await this.accept(call, hop?.trace ?? parent ?? newTrace());
      hop?.set({ 'http.response.status_code': 202 });
      hop?.set('id' in answer ? { 'farmbell.event.id': answer.id } : {});
      hop?.end();
      return answer;
    } catch (error) {
      const status = error instanceof Problem ? error.status : 500;
      hop?.set({ 'http.response.status_code': status });
      // what the caller did wrong is no fault of the server's
      hop?.end(status >= 500 ? String(status) : undefined);
      throw error;
    }
  }

  private async accept({ caller, headers, bytes, key, newId }: Call, trace: string): Promise<Row | { results: Row[] }> {
    const { bodies, single, cloud } = this.readable(caller.account, trace, () => eventsOf(headers, bytes));
    this.limit(caller.account, bodies.length);
    const given = key === undefined ? bodies : bodies.map((body, n) => withId(body, () => newId(n)));
    const rows = await this.take(caller.account, given, trace);
    logTaken(this.log, { way: 'rest', account: caller.account, rows, traceOf: () => trace });
    if (!single) return { results: rows };
    const [row] = rows as [Row];
    if ('errors' in row) throw invalid(cloud ? cloudFaults(row.errors) : row.errors);
    return row;
  }

  private limit(account: string, events: number): void {
    const wait = this.rate?.take(account, events) ?? 0;
    if (wait > 0) {
      countEvents('rest', 'limited', events);
      throw new Problem(
        429,
        'Too many requests',
        `Account ${account} publishes more events a second than FARMBELL_PUBLISH_PER_S allows: nothing of this request was taken`,
        undefined,
        wait,
      );
    }
  }

  private async take(account: string, bodies: unknown[], trace: string): Promise<Row[]> {
    try {
      const inputs = bodies.map((body) => ({ body, trace }));
      return await counted('rest', bodies.length, this.intake.take(account, inputs));
    } catch (error) {
      if (!transient(error) && !isBroker(error)) throw error;
      throw new Problem(
        503,
        'Service unavailable',
        'The message broker does not answer, so it is not known what was stored; a repeat with the same id, or the same Idempotency-Key, is safe',
        undefined,
        5,
      );
    }
  }

  /** A body in which no event can be read counts as one that was rejected. */
  private readable<T>(account: string, trace: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      countEvents('rest', 'rejected');
      this.log.warn(
        { trace_id: traceIdOf(trace), account, way: 'rest' },
        'A published body was refused: no event can be read in it.',
      );
      throw error;
    }
  }
}

/** What the broker's client throws while the broker is away or cannot store. */
const brokerErrors = [
  JetStreamError,
  errors.ConnectionError,
  errors.ClosedConnectionError,
  errors.DrainingConnectionError,
  errors.RequestError,
];
const isBroker = (error: unknown) => brokerErrors.some((kind) => error instanceof kind);
