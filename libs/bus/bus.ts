import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager, type PubAck } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { type ObjectStore, Objm } from '@nats-io/obj';
import { connect, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { mostFaults, type Rejection, subjects } from '#contracts';
import { answersWithin, CONFIG, need, type Settings } from '#runtime';
import { applyStreams, type StreamSettings } from './streams.js';

export interface BusOptions {
  url: string;
  /** The service's name: shown by the server, and the owner in rejections. */
  name: string;
  /** On how many servers of a cluster each stream and bucket is kept; 1 unless told. */
  replicas?: number;
}

/** One connection of one process to NATS, with JetStream on it. Reconnects for ever. */
export class Bus {
  private constructor(
    readonly name: string,
    readonly nc: NatsConnection,
    readonly js: JetStreamClient,
    readonly jsm: JetStreamManager,
    readonly replicas: number,
  ) {}

  /** Connects and waits for the server; credentials may stand in the URL. */
  static async connect({ url, name, replicas = 1 }: BusOptions): Promise<Bus> {
    const nc = await connect({
      ...server(url),
      name: `farmbell ${name}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      waitOnFirstConnect: true,
      pingInterval: 20_000,
      // a stack for each request, made in case it fails, costs more than the request
      noAsyncTraces: true,
    });
    return new Bus(
      name,
      nc,
      jetstream(nc, { timeout: 10_000 }),
      await jetstreamManager(nc, { timeout: 10_000, checkAPI: false }),
      replicas,
    );
  }

  applyStreams(settings: Omit<StreamSettings, 'replicas'>): Promise<void> {
    return applyStreams(this.jsm, { ...settings, replicas: this.replicas });
  }

  /** Stores a message; `id` makes a repeat within the stream's window a duplicate. Resolves when JetStream has it. */
  publish(subject: string, body: unknown, options: { id?: string; headers?: MsgHdrs; timeoutMs?: number } = {}): Promise<PubAck> {
    return this.js.publish(subject, typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body), {
      ...(options.id && { msgID: options.id }),
      ...(options.headers && { headers: options.headers }),
      timeout: options.timeoutMs ?? 10_000,
    });
  }

  /** Puts what cannot be taken in on the REJECTED stream, where journal makes it readable. */
  async reject(rejection: Omit<Rejection, 'service' | 'at' | 'body'> & { body: string }): Promise<void> {
    const whole: Rejection = {
      ...rejection,
      at: new Date().toISOString(),
      service: this.name,
      errors: rejection.errors.slice(0, mostFaults + 1),
      body: redactedBeginning(rejection.body),
    };
    await this.publish(subjects.rejected(this.name), whole, { id: rejection.id });
  }

  /** A key-value bucket, made when missing. `ttlMs`: an entry's life since it was last written. */
  async bucket(name: string, options: { ttlMs?: number } = {}): Promise<KV> {
    const bucket = await new Kvm(this.js).create(name, {
      history: 1,
      replicas: this.replicas,
      ...(options.ttlMs && { ttl: options.ttlMs }),
    });
    await this.spread(`KV_${name}`);
    return bucket;
  }

  /** An object store, made when missing. `ttlMs`: an object's life. */
  async objects(name: string, ttlMs: number): Promise<ObjectStore> {
    const store = await new Objm(this.js).create(name, { ttl: ttlMs * 1e6, replicas: this.replicas });
    await this.spread(`OBJ_${name}`);
    return store;
  }

  /** What was made for fewer servers, or more, is kept on as many as are asked for now. */
  private async spread(stream: string): Promise<void> {
    const { config } = await this.jsm.streams.info(stream);
    if (config.num_replicas !== this.replicas) await this.jsm.streams.update(stream, { num_replicas: this.replicas });
  }

  /** Calls back whenever the connection was lost and is there again. */
  onReconnect(back: () => void): void {
    void (async () => {
      for await (const status of this.nc.status()) if (status.type === 'reconnect') back();
    })();
  }

  /** Whether the server answers within `ms`. */
  alive(ms = 2000): Promise<boolean> {
    return answersWithin(this.nc.flush(), ms);
  }

  async close(): Promise<void> {
    if (!this.nc.isClosed()) await this.nc.drain().catch(() => this.nc.close());
  }
}

const secretValue =
  /("[^"]{0,60}(?:token|secret|password|passwd|api_?key|access_?code|authorization)[^"]{0,60}"\s*:\s*)"(?:[^"\\]|\\.)*"?/gi;

/** The first 2,000 characters, with the values of keys that name secrets taken out. */
const redactedBeginning = (body: string) =>
  body.slice(0, 8000).replace(secretValue, '$1"[redacted]"').slice(0, 2000).toWellFormed().replaceAll('\0', '');

/** `nats://user:password@host:port` as the client's options; several servers may be given, comma-separated. */
function server(url: string) {
  const urls = url.split(',').map((one) => new URL(one.includes('://') ? one : `nats://${one}`));
  const first = urls[0]!;
  return {
    servers: urls.map((one) => `${one.hostname}:${one.port || 4222}`),
    ...(first.username &&
      first.password && { user: decodeURIComponent(first.username), pass: decodeURIComponent(first.password) }),
    ...(first.username && !first.password && { token: decodeURIComponent(first.username) }),
  };
}

/** A service's connection as a Nest provider: connected, with every stream as declared. */
export const connectBus = (name: string) => ({
  provide: Bus,
  inject: [CONFIG],
  useFactory: async (config: Settings): Promise<Bus> => {
    const bus = await Bus.connect({ url: need(config, 'NATS_URL'), name, replicas: config.FARMBELL_NATS_REPLICAS });
    await bus.applyStreams({ dedupS: config.FARMBELL_DEDUP_S, retentionDays: config.FARMBELL_RETENTION_DAYS });
    return bus;
  },
});
