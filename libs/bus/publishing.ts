import { JetStreamApiError, JetStreamError, JsHeaders, type PubAck, PubHeaders } from '@nats-io/jetstream';
import { errors, headers, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { headersOf } from './traced.js';
import { ConnectionLost, onReturn } from './unanswered.js';

/** A message that JetStream has not answered yet. */
interface Sent {
  subject: string;
  /** By performance.now(). */
  until: number;
  done: (ack: PubAck) => void;
  failed: (error: Error) => void;
}

export interface PublishOptions {
  /** Makes a repeat within the stream's window a duplicate. */
  id?: string;
  /** Goes with it as a header. */
  trace?: string;
  /** Stored only while the last message of a subject, its own unless told, has this sequence in the stream (0: there is none). */
  after?: { seq: number; subject?: string };
  /** Takes the place of all that its subject held. */
  replaces?: boolean;
  /** How long the answer may take: 10 s unless told. */
  timeoutMs?: number;
}

const answerMs = 10_000;
const lookMs = 250;
const lost = () => new ConnectionLost();
const late = () => new errors.TimeoutError();

/**
 * Stores messages in streams over one connection. The client's own publish() makes a timer, an error with its stack and half a dozen
 * promises for each, which costs more than twice what is done here.
 */
export class Publishing {
  private readonly unanswered = new Map<string, Sent>();
  private count = 0;
  private looking: NodeJS.Timeout | undefined;

  constructor(
    private readonly nc: NatsConnection,
    private readonly inbox: string,
  ) {
    const answers = nc.subscribe(`${inbox}.*`, { callback: (_, message) => this.answered(message) });
    void answers.closed.then(() => this.fail(() => new errors.ClosedConnectionError()));
    void this.refusals();
    onReturn(nc, () => {
      const before = new Set(this.unanswered.keys());
      return () => this.fail(lost, (token) => before.has(token));
    });
  }

  /** Resolves when JetStream has it. Throws JetStreamApiError when it is refused, ConnectionLost when nobody knows. */
  send(subject: string, payload: string | Uint8Array, options: PublishOptions): Promise<PubAck> {
    const { timeoutMs = answerMs } = options;
    return new Promise((done, failed) => {
      const token = (this.count++).toString(36);
      this.nc.publish(subject, payload, { reply: `${this.inbox}.${token}`, headers: publishHeaders(options) });
      this.unanswered.set(token, { subject, until: performance.now() + timeoutMs, done, failed });
      this.looking ??= setInterval(() => this.look(), lookMs);
    });
  }

  private answered(message: Msg): void {
    const token = message.subject.slice(this.inbox.length + 1);
    const sent = this.unanswered.get(token);
    if (!sent) return;
    this.unanswered.delete(token);
    try {
      sent.done(ackOf(message, sent.subject));
    } catch (error) {
      sent.failed(error as Error);
    }
  }

  /** Times out what was sent too long ago, and rests when nothing waits. */
  private look(): void {
    const now = performance.now();
    this.fail(late, (_, { until }) => until <= now);
    if (this.unanswered.size > 0) return;
    clearInterval(this.looking);
    this.looking = undefined;
  }

  private fail(error: () => Error, concerns: (token: string, sent: Sent) => boolean = () => true): void {
    for (const [token, sent] of this.unanswered) {
      if (!concerns(token, sent)) continue;
      this.unanswered.delete(token);
      sent.failed(error());
    }
  }

  /** What a user may not publish the server refuses beside, without an answer. */
  private async refusals(): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type !== 'error' || !(status.error instanceof errors.PermissionViolationError)) continue;
      const { error } = status;
      if (error.operation !== 'publish') continue;
      const refused = () => new errors.RequestError(error.message, { cause: error });
      this.fail(refused, (_, { subject }) => subject === error.subject);
    }
  }
}

/** What a publish says to JetStream: https://docs.nats.io/nats-concepts/jetstream/headers */
export function publishHeaders({ id, trace, after, replaces }: PublishOptions): MsgHdrs {
  const made = trace ? headersOf(trace) : headers();
  if (id) made.set(PubHeaders.MsgIdHdr, id);
  if (after) made.set(PubHeaders.ExpectedLastSubjectSequenceHdr, String(after.seq));
  if (after?.subject) made.set(PubHeaders.ExpectedLastSubjectSequenceSubjectHdr, after.subject);
  if (replaces) made.set(JsHeaders.RollupHdr, JsHeaders.RollupValueSubject);
  return made;
}

/** https://docs.nats.io/reference/reference-protocols/nats_api_reference: what is stored, or an error. */
function ackOf(message: Msg, subject: string): PubAck {
  if (message.headers?.code === 503 && message.data.length === 0)
    throw new JetStreamError('jetstream is not enabled', { cause: new errors.NoRespondersError(subject) });
  const answer = message.json<PubAck & { error?: ConstructorParameters<typeof JetStreamApiError>[0] }>();
  if (answer.error) throw new JetStreamApiError(answer.error);
  if (!answer.stream) throw new JetStreamError('invalid ack response');
  return { ...answer, duplicate: answer.duplicate ?? false };
}
