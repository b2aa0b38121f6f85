import { ChannelCredentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { protoPath, subjects } from '#contracts';
import { natsTarget } from '#servers';
import { bodyOf, type LoadEvent } from './events.js';

export interface Entrances {
  /** Ports of the gateways' APIs. */
  gateways: number[];
  /** Ports of gRPC publishing. */
  grpc: number[];
  natsUrl: string;
  token: string;
}

const answerMs = 5000;

interface GrpcClient {
  Publish(
    request: object,
    metadata: Metadata,
    options: { deadline: number },
    done: (error: Error | null, reply: { id: string }) => void,
  ): void;
  close(): void;
}

/** The three ways in. A way resolves when the event was accepted, and throws when that is not known. */
export class Publishing {
  private turn = 0;

  private constructor(
    private readonly entrances: Entrances,
    private readonly clients: GrpcClient[],
    private readonly metadata: Metadata,
    private readonly nc: NatsConnection,
    private readonly js: JetStreamClient,
  ) {}

  static async open(entrances: Entrances): Promise<Publishing> {
    const nc = await connect({ ...natsTarget(entrances.natsUrl), maxReconnectAttempts: -1, reconnectTimeWait: 250 });
    // biome-ignore lint/suspicious/noExplicitAny: a client made at run time
    const { farmbell } = loadPackageDefinition(loadSync(protoPath, { keepCase: true, defaults: true })) as any;
    const backoff = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1000 };
    const clients = entrances.grpc.map(
      (port): GrpcClient => new farmbell.v1.EventPublisher(`127.0.0.1:${port}`, ChannelCredentials.createInsecure(), backoff),
    );
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${entrances.token}`);
    return new Publishing(entrances, clients, metadata, nc, jetstream(nc, { timeout: answerMs }));
  }

  /** One try, through one of the replicas in turn. */
  async publish(event: LoadEvent): Promise<void> {
    const turn = this.turn++;
    if (event.way === 'nats') await this.overNats(event);
    else if (event.way === 'grpc') await this.overGrpc(event, this.clients[turn % this.clients.length]!);
    else await this.overRest(event, this.entrances.gateways[turn % this.entrances.gateways.length]!);
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.nc.close();
  }

  private async overRest(event: LoadEvent, port: number): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.entrances.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(bodyOf(event)),
      signal: AbortSignal.timeout(answerMs),
    });
    const text = await answer.text();
    if (answer.status !== 202) throw new Error(`HTTP ${answer.status}: ${text}`);
  }

  private overGrpc(event: LoadEvent, client: GrpcClient): Promise<void> {
    return new Promise((done, fail) =>
      client.Publish({ event: bodyOf(event) }, this.metadata, { deadline: Date.now() + answerMs }, (error) =>
        error ? fail(error) : done(),
      ),
    );
  }

  private async overNats(event: LoadEvent): Promise<void> {
    await this.js.publish(subjects.ingest('default', event.type), JSON.stringify(bodyOf(event)), {
      msgID: `default/${event.id}`,
      timeout: answerMs,
    });
  }
}
