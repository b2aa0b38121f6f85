import { type ClientDuplexStream, credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath } from '#contracts';
import { accountOf, type Events, eventOf } from '../event.js';
import type { Sender, Way } from '../roles/publisher.js';

interface Reply {
  id: string;
  duplicate: boolean;
  errors: { path: string; message: string }[];
}
type Call = ClientDuplexStream<object, Reply>;

const underWay = 1000;
/** Each account's stream begins with a check of the token: not all accounts come at the same moment. */
const underWayOfMany = 100;

/** One PublishStream for each account. */
export async function grpcSender({ address, token }: Way & { kind: 'grpc' }, events: Events): Promise<Sender> {
  const definition = loadSync(protoPath, { keepCase: true, longs: Number, defaults: true, arrays: true });
  // biome-ignore lint/suspicious/noExplicitAny: made from the proto file at run time
  const { EventPublisher } = (loadPackageDefinition(definition) as any).farmbell.v1;
  const client = new EventPublisher(address, credentials.createInsecure());
  await new Promise<void>((done, fail) =>
    client.waitForReady(Date.now() + 20_000, (error?: Error) => (error ? fail(error) : done())),
  );
  const streams = new Map<string, Stream>();
  const streamOf = (account: string) => {
    let stream = streams.get(account);
    if (!stream) {
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${token}`);
      metadata.set('farmbell-account', account);
      stream = new Stream(client.PublishStream(metadata));
      streams.set(account, stream);
    }
    return stream;
  };
  return {
    lanes: 1,
    depth: events.accounts > 1 ? underWayOfMany : underWay,
    array: 1,
    send: ([n]) => {
      const { data, ...rest } = eventOf(n!, events);
      const fields = { note: { stringValue: data!.note } };
      return streamOf(accountOf(n!, events.accounts)).send({ event: { ...rest, data: { fields } } });
    },
    close: async () => {
      for (const stream of streams.values()) stream.end();
      client.close();
    },
  };
}

/** Replies come in the order of the requests. */
class Stream {
  private readonly waiting: { done: () => void; fail: (error: Error) => void }[] = [];

  constructor(private readonly call: Call) {
    call.on('data', ({ id, duplicate, errors }: Reply) => {
      const { done, fail } = this.waiting.shift()!;
      if (errors.length > 0 || duplicate) fail(new Error(duplicate ? `${id} was a repeat` : JSON.stringify(errors)));
      else done();
    });
    call.on('error', (error) => {
      for (const { fail } of this.waiting.splice(0)) fail(error);
    });
  }

  send(request: object): Promise<void> {
    return new Promise((done, fail) => {
      this.waiting.push({ done, fail });
      this.call.write(request);
    });
  }

  end(): void {
    this.call.end();
  }
}
