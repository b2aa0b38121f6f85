import { JetStreamError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { Inject, Injectable } from '@nestjs/common';
import { transient } from '#bus';
import { invalid, Problem } from '#contracts';
import { Intake, type Row } from '#intake';
import { Buckets, CONFIG, type Settings } from '#runtime';
import { cloudFaults, eventsOf, withId } from '../http/event-body.js';
import type { Call } from '../routes/call.js';

/** POST /v1/events: from the body's bytes to the answer. */
@Injectable()
export class Publishing {
  private readonly rate: Buckets | undefined;

  constructor(
    @Inject(Intake) private readonly intake: Intake,
    @Inject(CONFIG) config: Settings,
  ) {
    const perS = config.FARMBELL_PUBLISH_PER_S;
    this.rate = perS > 0 ? new Buckets(perS, perS) : undefined;
  }

  async publish({ caller, headers, bytes, key, newId }: Call): Promise<Row | { results: Row[] }> {
    const { bodies, single, cloud } = eventsOf(headers, bytes);
    this.limit(caller.account, bodies.length);
    const given = key === undefined ? bodies : bodies.map((body, n) => withId(body, () => newId(n)));
    const rows = await this.take(caller.account, given);
    if (!single) return { results: rows };
    const [row] = rows as [Row];
    if ('errors' in row) throw invalid(cloud ? cloudFaults(row.errors) : row.errors);
    return row;
  }

  private limit(account: string, events: number): void {
    const wait = this.rate?.take(account, events) ?? 0;
    if (wait > 0) {
      throw new Problem(
        429,
        'Too many requests',
        `Account ${account} publishes more events a second than FARMBELL_PUBLISH_PER_S allows: nothing of this request was taken`,
        undefined,
        wait,
      );
    }
  }

  private async take(account: string, bodies: unknown[]): Promise<Row[]> {
    try {
      return await this.intake.take(
        account,
        bodies.map((body) => ({ body })),
      );
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
