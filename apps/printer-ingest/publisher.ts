import { once } from 'node:events';
import type { Metadata, ServerDuplexStream } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import { Bus } from '#bus';
import { Intake, type Row } from '#intake';
import { Callers } from './callers.js';
import { invalidArgument, refusal } from './grpc-errors.js';
import { envelopeOf, type GrpcEvent } from './grpc-event.js';

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

const replyOf = (row: Row): PublishReply =>
  'errors' in row ? { id: '', duplicate: false, errors: row.errors } : { ...row, errors: [] };

/** farmbell.v1.EventPublisher */
@Controller()
export class EventPublisher {
  private readonly callers: Callers;

  constructor(
    @Inject(Bus) bus: Bus,
    @Inject(Intake) private readonly intake: Intake,
  ) {
    this.callers = new Callers(bus);
  }

  @GrpcMethod('EventPublisher', 'Publish')
  async publish(request: PublishRequest, metadata: Metadata): Promise<PublishReply> {
    try {
      const account = await this.callers.publisher(metadata);
      const [row] = await this.intake.take(account, [{ body: envelopeOf(request.event) }]);
      if (row && 'errors' in row) throw invalidArgument(row.errors);
      return replyOf(row!);
    } catch (error) {
      throw refusal(error);
    }
  }

  /** One reply a request, in order; a bad event is answered in its turn, an unknown caller ends the stream. */
  @GrpcStreamCall('EventPublisher', 'PublishStream')
  async publishStream(call: ServerDuplexStream<PublishRequest, PublishReply>): Promise<void> {
    const replies: Promise<Row>[] = [];
    const answerNext = async () => {
      if (!call.write(replyOf(await replies.shift()!)) && !call.destroyed)
        await Promise.race([once(call, 'drain'), once(call, 'close')]);
    };
    try {
      for await (const request of call as AsyncIterable<PublishRequest>) {
        const account = await this.callers.publisher(call.metadata);
        const reply = this.intake.take(account, [{ body: envelopeOf(request.event) }]).then(([row]) => row!);
        reply.catch(() => {}); // seen when its turn comes
        replies.push(reply);
        while (replies.length >= window || (replies.length > 0 && (await settled(replies[0]!)))) await answerNext();
      }
      while (replies.length > 0) await answerNext();
      call.end();
    } catch (error) {
      call.destroy(Object.assign(new Error('refused'), refusal(error).getError()));
    }
  }
}

/** Whether a promise has settled by now. */
const settled = (promise: Promise<unknown>) =>
  Promise.race([
    promise.then(
      () => true,
      () => true,
    ),
    new Promise<false>((done) => setImmediate(() => done(false))),
  ]);
