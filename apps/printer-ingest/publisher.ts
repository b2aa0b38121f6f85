import type { Metadata, ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import { Controller, Inject, type OnModuleDestroy } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import { Bus, pause } from '#bus';
import { Problem } from '#contracts';
import { countEvents, counted, Intake, logTaken, type Row, zeroEvents } from '#intake';
import { Buckets, CONFIG, LOG, type Log, type Settings } from '#runtime';
import { beginCall } from './call.js';
import { Callers } from './callers.js';
import { Drain } from './drain.js';
import { invalidArgument, refusal } from './grpc-errors.js';
import { envelopeOf, type GrpcEvent } from './grpc-event.js';
import { Requests } from './requests.js';

interface PublishRequest {
  event?: GrpcEvent;
}
interface PublishReply {
  id: string;
  duplicate: boolean;
  errors: { path: string; message: string }[];
}

/** Requests of one stream that may be under way before it is read on. */
const window = 256;
const drainMs = 15_000;
const flushMs = 1000;

type Peer = Pick<ServerUnaryCall<unknown, unknown>, 'getPeer'>;

const tooMany = (account: string, wait: number) =>
  new Problem(
    429,
    'Too many requests',
    `Account ${account} publishes more events a second than FARMBELL_PUBLISH_PER_S allows: the event was not taken; try again in ${wait} s`,
    undefined,
    wait,
  );

const stopping = () =>
  new Problem(
    503,
    'Service unavailable',
    'This server stops: open the stream anew, and send again what has no reply',
    undefined,
    1,
  );

const replyOf = (row: Row): PublishReply =>
  'errors' in row ? { id: '', duplicate: false, errors: row.errors } : { ...row, errors: [] };

/** farmbell.v1.EventPublisher */
@Controller()
export class EventPublisher implements OnModuleDestroy {
  private readonly drain = new Drain();
  private readonly callers: Callers;
  private readonly rate: Buckets | undefined;

  constructor(
    @Inject(Bus) bus: Bus,
    @Inject(Intake) private readonly intake: Intake,
    @Inject(CONFIG) config: Settings,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.callers = new Callers(bus);
    const perS = config.FARMBELL_PUBLISH_PER_S;
    this.rate = perS > 0 ? new Buckets(perS, perS) : undefined;
    zeroEvents('grpc');
  }

  /** What was sent and not yet taken is the caller's to send again, at another replica or later. */
  async onModuleDestroy(): Promise<void> {
    // the last answers are on their way, and the server is closed with its connections
    if (await this.drain.end(drainMs)) await pause(flushMs);
  }

  @GrpcMethod('EventPublisher', 'Publish')
  publish(request: PublishRequest, metadata: Metadata, call: Peer): Promise<PublishReply> {
    return this.drain.count(this.take(request, metadata, call));
  }

  private async take(request: PublishRequest, metadata: Metadata, call: Peer): Promise<PublishReply> {
    const { trace, end } = beginCall('Publish', metadata);
    try {
      if (this.drain.stopping) throw stopping();
      const account = await this.callers.publisher(metadata, call.getPeer());
      const wait = this.rate?.take(account) ?? 0;
      if (wait > 0) {
        countEvents('grpc', 'limited');
        throw tooMany(account, wait);
      }
      const rows = await counted('grpc', 1, this.intake.take(account, [{ body: envelopeOf(request.event), trace }]));
      logTaken(this.log, { way: 'grpc', account, rows, traceOf: () => trace });
      const row = rows[0]!;
      if ('errors' in row) throw invalidArgument(row.errors);
      end(row);
      return replyOf(row);
    } catch (error) {
      const refused = refusal(error);
      end(refused);
      throw refused;
    }
  }

  /**
   * One reply a request, in order; a bad event is answered in its turn, an unknown caller ends the stream. One that sends more
   * than it may is read more slowly.
   */
  @GrpcStreamCall('EventPublisher', 'PublishStream')
  publishStream(call: ServerDuplexStream<PublishRequest, PublishReply>): Promise<void> {
    return this.drain.count(this.takeAll(call));
  }

  private async takeAll(call: ServerDuplexStream<PublishRequest, PublishReply>): Promise<void> {
    let failed = false;
    const fail = (error: unknown) => {
      if (!failed) call.emit('error', refusal(error).getError());
      failed = true;
    };
    const replies = new Replies(call, fail);
    try {
      let before: Promise<unknown> = Promise.resolve();
      const requests = new Requests(call, this.drain);
      for (;;) {
        const request = await requests.next();
        if (request === 'stop') throw stopping();
        if (request === 'end') break;
        const account = await this.callers.publisher(call.metadata, call.getPeer());
        for (let wait = 1; wait > 0 && !call.destroyed; ) {
          wait = this.rate?.take(account) ?? 0;
          if (wait > 0) await pause(wait * 1000);
        }
        const { trace, end } = beginCall('PublishStream', call.metadata);
        const prepared = this.intake.prepare(account, [{ body: envelopeOf(request.event), trace }]);
        // each is checked at once, but published when the one before is: the stream's order is the order in EVENTS
        const published = inTurn(before, prepared);
        before = published;
        const rows = counted(
          'grpc',
          1,
          published.then(({ rows }) => rows),
        );
        const row = rows.then((taken) => {
          logTaken(this.log, { way: 'grpc', account, rows: taken, traceOf: () => trace });
          end(taken[0]!);
          return taken[0]!;
        });
        row.catch((error) => end(refusal(error)));
        await replies.add(row);
      }
      await replies.all();
      call.end();
    } catch (error) {
      // the requests before the one that failed have their answer
      await replies.all().catch(() => {});
      fail(error);
    }
  }
}

/** Publishes when `before` has published; wrapped, so that nobody waits for what is stored. */
async function inTurn(before: Promise<unknown>, prepared: ReturnType<Intake['prepare']>): Promise<{ rows: Promise<Row[]> }> {
  prepared.catch(() => {}); // seen when its turn comes
  await before;
  const rows = (await prepared)();
  rows.catch(() => {});
  return { rows };
}

/** Resolves when more may be written, or nothing any more. */
const drained = (call: ServerDuplexStream<PublishRequest, PublishReply>) =>
  new Promise<void>((done) => {
    const end = () => {
      call.off('drain', end).off('close', end);
      done();
    };
    call.once('drain', end).once('close', end);
  });

/** The replies of one stream: written in order, each as soon as it is there. */
class Replies {
  private written: Promise<void> = Promise.resolve();
  private due = 0;

  constructor(
    private readonly call: ServerDuplexStream<PublishRequest, PublishReply>,
    private readonly fail: (error: unknown) => void,
  ) {}

  /** Resolves when the next request may be read; throws when one before has failed. */
  async add(reply: Promise<Row>): Promise<void> {
    reply.catch(() => {}); // seen when its turn comes
    const written = this.written.then(async () => this.write(await reply));
    written.catch(this.fail);
    this.written = written;
    this.due += 1;
    if (this.due >= window) await written;
  }

  all(): Promise<void> {
    return this.written;
  }

  private async write(row: Row): Promise<void> {
    this.due -= 1;
    if (this.call.destroyed) throw new Error('the caller went away');
    if (!this.call.write(replyOf(row))) await drained(this.call);
  }
}
