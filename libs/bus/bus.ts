import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager, type PubAck } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { type ObjectStore, Objm } from '@nats-io/obj';
import { createInbox, type NatsConnection } from '@nats-io/transport-node';
import { keeps, mostFaults, type Rejection, subjects } from '#contracts';
import { answersWithin, CONFIG, complain, LOG, type Log, NATS_URL_OF, type NatsUrlOf, natsTls, type Settings } from '#runtime';
import { stopAnswering } from './ask.js';
import { type ConnectionOptions, connection, inboxesOf } from './connection.js';
import { countRejected } from './metrics.js';
import { pause } from './pause.js';
import { Publishing, type PublishOptions } from './publishing.js';
import { applyStreams, type StreamSettings } from './streams.js';
import { transient } from './transient.js';
import { ConnectionLost } from './unanswered.js';

/** `name`: the service's, and the owner in rejections. */
export interface BusOptions extends ConnectionOptions {
  /** On how many servers of a cluster each stream and bucket is kept; 1 unless told. */
  replicas?: number;
  /** Of which streams and buckets it may change what was declared otherwise before: of all unless told. */
  keeps?: (stream: string) => boolean;
}

/** One connection of one process to NATS, with JetStream on it. Reconnects for ever. */
export class Bus {
  private unsent: (() => void)[] = [];
  private readonly backs = new Set<() => void>();
  private watching?: Promise<void>;
  private readonly publishing: Publishing;

  private constructor(
    readonly name: string,
    readonly nc: NatsConnection,
    readonly js: JetStreamClient,
    readonly jsm: JetStreamManager,
    readonly replicas: number,
    private readonly keeps: (stream: string) => boolean,
  ) {
    this.publishing = new Publishing(nc, this.inbox());
  }

  /** Connects and waits for the server. */
  static async connect({ replicas = 1, keeps = () => true, ...options }: BusOptions): Promise<Bus> {
    const nc = await connection(options);
    countRejected(options.name, 0);
    return new Bus(
      options.name,
      nc,
      jetstream(nc, { timeout: 10_000 }),
      await jetstreamManager(nc, { timeout: 10_000, checkAPI: false }),
      replicas,
      keeps,
    );
  }

  /** Makes the streams as declared, as far as this connection keeps them; else those that are missing. */
  applyStreams(settings: Omit<StreamSettings, 'replicas'>): Promise<void> {
    const whole = { ...settings, replicas: this.replicas };
    return patiently(() => applyStreams(this.jsm, whole, this.keeps('EVENTS')));
  }

  /** A subject of this connection's own, at which nobody else may listen. */
  inbox(): string {
    return createInbox(inboxesOf(this.name));
  }

  /**
   * Sends it with all else that is sent in this turn of the event loop. Answers arrive on many sockets at once, and each write
   * to the broker's socket costs more than what is written.
   */
  together(send: () => void): void {
    if (this.unsent.push(send) > 1) return;
    setImmediate(() => {
      const all = this.unsent;
      this.unsent = [];
      for (const one of all) one();
    });
  }

  /**
   * Stores a message; `id` makes a repeat within the stream's window a duplicate, so that one whose answer went down with the
   * connection is sent again; `trace` goes with it as a header. Resolves when JetStream has it.
   */
  publish(subject: string, body: unknown, options: PublishOptions = {}): Promise<PubAck> {
    const payload = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    const send = () => this.publishing.send(subject, payload, options);
    const again = (error: unknown): Promise<PubAck> => {
      if (!options.id || !(error instanceof ConnectionLost)) throw error;
      return send().catch(again);
    };
    return new Promise((done, failed) => this.together(() => void send().catch(again).then(done, failed)));
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
    const { duplicate } = await this.publish(subjects.rejected(this.name), whole, { id: rejection.id });
    if (!duplicate) countRejected(this.name);
  }

  /** A key-value bucket, made when missing. `ttlMs`: an entry's life since it was last written; `answerMs`: what a question may take. */
  bucket(name: string, options: { ttlMs?: number; answerMs?: number } = {}): Promise<KV> {
    const js = options.answerMs ? jetstream(this.nc, { timeout: options.answerMs }) : this.js;
    return patiently(async () => {
      const bucket = await new Kvm(js).create(name, {
        history: 1,
        replicas: this.replicas,
        ...(options.ttlMs && { ttl: options.ttlMs }),
      });
      await this.spread(`KV_${name}`);
      return bucket;
    });
  }

  /** An object store, made when missing. `ttlMs`: an object's life. */
  objects(name: string, ttlMs: number): Promise<ObjectStore> {
    return patiently(async () => {
      const store = await new Objm(this.js).create(name, { ttl: ttlMs * 1e6, replicas: this.replicas });
      await this.spread(`OBJ_${name}`);
      return store;
    });
  }

  /** What was made for fewer servers, or more, is kept on as many as are asked for now. */
  private async spread(stream: string): Promise<void> {
    if (!this.keeps(stream)) return;
    const { config } = await this.jsm.streams.info(stream);
    if (config.num_replicas !== this.replicas) await this.jsm.streams.update(stream, { num_replicas: this.replicas });
  }

  /** Calls back whenever the connection was lost and is there again, until what it answers with is called. */
  onReconnect(back: () => void): () => void {
    this.watching ??= this.watch();
    this.backs.add(back);
    return () => void this.backs.delete(back);
  }

  private async watch(): Promise<void> {
    for await (const status of this.nc.status()) if (status.type === 'reconnect') for (const back of this.backs) back();
  }

  /** Whether the server answers within `ms`. */
  alive(ms = 2000): Promise<boolean> {
    return answersWithin(this.nc.flush(), ms);
  }

  /** What it was asked is answered before. */
  async close(): Promise<void> {
    if (this.nc.isClosed()) return;
    await stopAnswering(this);
    if (!this.nc.isClosed()) await this.nc.drain().catch(() => this.nc.close());
  }
}

const patienceMs = 60_000;
const againMs = 500;

/** A broker at its start, or a cluster that is choosing a leader, is waited for. */
async function patiently<T>(act: () => Promise<T>): Promise<T> {
  for (const until = Date.now() + patienceMs; ; ) {
    try {
      return await act();
    } catch (error) {
      if (!transient(error) || Date.now() > until) throw error;
      await pause(againMs);
    }
  }
}

const secretValue =
  /("[^"]{0,60}(?:token|secret|password|passwd|api_?key|access_?code|authorization)[^"]{0,60}"\s*:\s*)"(?:[^"\\]|\\.)*"?/gi;

/** The first 2,000 characters, with the values of keys that name secrets taken out. */
const redactedBeginning = (body: string) =>
  body.slice(0, 8000).replace(secretValue, '$1"[redacted]"').slice(0, 2000).toWellFormed().replaceAll('\0', '');

/** A service's connection as a Nest provider: with its own user, connected, with every stream as declared. */
export const connectBus = (name: string) => ({
  provide: Bus,
  inject: [CONFIG, NATS_URL_OF, LOG],
  useFactory: async (config: Settings, urlOf: NatsUrlOf, log: Log): Promise<Bus> => {
    const bus = await Bus.connect({
      url: urlOf(name),
      name,
      tls: natsTls(config),
      replicas: config.FARMBELL_NATS_REPLICAS,
      keeps: (stream) => keeps(name, stream),
      onError: complain(log, `${name}, NATS`),
    });
    await bus.applyStreams({ dedupS: config.FARMBELL_DEDUP_S, retentionDays: config.FARMBELL_RETENTION_DAYS });
    return bus;
  },
});
