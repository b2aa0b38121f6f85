import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import pg from 'pg';
import { natsTarget } from '#servers';
import { type Arrivals, faultsOf } from './arrivals.js';
import { cpuMs, machineTimes, machineUse, spentMs } from './cpu.js';
import { printerOf } from './event.js';
import type { Farm } from './farm.js';
import { floorQueue, withFloorStreams } from './floor-streams.js';
import { RoleProcess } from './role-process.js';
import type { FloorMethods } from './roles/floor.js';
import type { Load, Published, PublisherMethods, Way } from './roles/publisher.js';
import type { Behaviour, ReceiverMethods } from './roles/receiver.js';
import { settled } from './settled.js';

/** A load, and where it has to arrive. */
export interface Flow {
  way: Way;
  events: number;
  /** `default` alone unless told. */
  accounts?: number;
  /** job.started unless told. */
  type?: string;
  /** Evenly so many a second; as fast as they are taken without it. */
  perSecond?: number;
  /** The receiver's numbers of the channels that must get the nth event; the first one unless told. */
  channelsOf?: (n: number) => readonly number[];
  /** Whether the way in keeps the order; true unless told. */
  ordered?: boolean;
  /** A run that expect() has begun, and how many events of it, numbered after the published ones, wait in Farmbell already. */
  run?: number;
  waiting?: number;
  /** Channels that may get an event more than once, as their receiver lets attempts fail. */
  repeats?: readonly number[];
  /** Called when all is published, before arrivals are waited for. */
  afterwards?: () => Promise<void>;
}

/** What became of a flow: every event arrived where it must, once. */
export interface Flowed {
  published: Published;
  arrivals: Arrivals;
  /** Arrivals in all. */
  deliveries: number;
  /** From the start of publishing to the last arrival. */
  seconds: number;
  /** From the last arrival until no service had work left. */
  settledSeconds: number;
  /** CPU in ms spent from the start until then, by process. */
  cpu: Record<string, number>;
  /** Of the machine while it was published: what was used of all cores, and what the host took; percent. */
  machine: Record<string, number>;
}

/** Who brings nothing for so long brings nothing any more: an attempt failed, or a service ended. */
const stallMs = 60_000;
const patienceMs = 120_000;
let runs = 0;

/** A farm with a receiver, a publisher and the floor beside it, each a process of its own. */
export class Rig {
  private constructor(
    readonly farm: Farm,
    readonly sink: string,
    readonly receiver: RoleProcess<ReceiverMethods>,
    private readonly publisher: RoleProcess<PublisherMethods>,
    private readonly floorRole: RoleProcess<FloorMethods>,
    private readonly nc: NatsConnection,
    readonly jsm: JetStreamManager,
    private readonly database: pg.Client,
  ) {}

  static async around(farm: Farm): Promise<Rig> {
    const receiver = RoleProcess.start<ReceiverMethods>('receiver');
    const sink = await receiver.call('listen', undefined);
    const nc = await connect(natsTarget(farm.natsUrl));
    const database = new pg.Client(farm.databaseUrl);
    // the server may end before this does, when the harness is interrupted
    database.on('error', () => {});
    await database.connect();
    return new Rig(
      farm,
      sink,
      receiver,
      RoleProcess.start<PublisherMethods>('publisher'),
      RoleProcess.start<FloorMethods>('floor'),
      nc,
      await jetstreamManager(nc, { timeout: 30_000 }),
      database,
    );
  }

  async stop(): Promise<void> {
    await Promise.all([this.receiver, this.publisher, this.floorRole].map((role) => role.end()));
    await this.nc.close();
    await this.database.end();
  }

  get ways() {
    const { grpc, origin, token, publisherUrl } = this.farm;
    return {
      grpc: { kind: 'grpc', address: grpc, token },
      nats: { kind: 'nats', url: publisherUrl },
      rest: (array: number, lanes: number): Way => ({ kind: 'rest', origin, token, array, lanes }),
    } as const;
  }

  /** Where the receiver takes the deliveries of its nth channel. */
  url(number: number, behaviour: Behaviour = 'answers'): string {
    return `${this.sink}/${behaviour}/${number}`;
  }

  /** Makes a webhook channel of the account `default`, as a user does. */
  async channel(number: number, over: { behaviour?: Behaviour; events?: string[]; settings?: object } = {}): Promise<string> {
    const { behaviour, events, settings } = over;
    const { id } = await this.api('POST', '/v1/channels', {
      name: `channel ${number}`,
      type: 'webhook',
      ...(events && { events }),
      settings: { url: this.url(number, behaviour), ...settings },
    });
    return id;
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  async api(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await fetch(this.farm.origin + path, {
      method,
      headers: { authorization: `Bearer ${this.farm.token}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** CPU time so far, in ms, of every process. */
  cpu(): Record<string, number> {
    return cpuMs({ ...this.farm.pids(), publisher: this.publisher.pid, receiver: this.receiver.pid });
  }

  /** Publishes a load and waits until all of it arrived and every service is done. Throws unless each event arrived once. */
  async flow(flow: Flow): Promise<Flowed> {
    const { way, events, accounts = 1, type = 'job.started', perSecond, waiting = 0, repeats } = flow;
    const { channelsOf = () => [0], ordered = true } = flow;
    const all = { first: 0, events: events + waiting };
    let total = 0;
    for (let n = 0; n < all.events; n++) total += channelsOf(n).length;
    const run = flow.run ?? (await this.expect());
    const [before, machineBefore] = [this.cpu(), machineTimes()];
    const load = { run, accounts, type, first: 0, events, perSecond };
    const published = await this.publisher.call('publish', { way, load });
    const machine = machineUse(machineBefore, machineTimes());
    await flow.afterwards?.();
    const lastAt = await this.arrived(total);
    const waited = performance.now();
    await settled(this.jsm, this.database, patienceMs + total);
    const settledSeconds = (performance.now() - waited) / 1000;
    const cpu = spentMs(before, this.cpu());
    const arrivals = await this.receiver.call('arrivals', undefined);
    const order = ordered && { printerOf: (n: number) => printerOf(n, accounts) };
    const faults = faultsOf(arrivals, { ...all, channelsOf, repeats, ...order });
    if (faults.length > 0) throw new Error(`Not every event arrived as it must: ${faults.join('; ')}`);
    return {
      published,
      arrivals,
      deliveries: total,
      seconds: (lastAt - published.startedAt) / 1000,
      settledSeconds,
      cpu,
      machine,
    };
  }

  /** Publishes beside a flow, of whose run it is part. */
  publish(way: Way, load: Load): Promise<Published> {
    return this.publisher.call('publish', { way, load });
  }

  /** The same load at the floor: from a work queue to the receiver by one small process. The queue is filled first, unless paced. */
  floor(events: number, perSecond?: number): Promise<Omit<Flowed, 'machine'>> {
    return withFloorStreams(this.jsm, async () => {
      const { natsUrl } = this.farm;
      const way: Way = { kind: 'nats', url: natsUrl, subject: 'floor.queue', inFlight: 1000 };
      const load = { run: await this.expect(), accounts: 1, type: 'job.started', first: 0, events, perSecond };
      const publish = () => this.publisher.call('publish', { way, load });
      const cpu = () => cpuMs({ nats: this.farm.pids().nats!, floor: this.floorRole.pid, receiver: this.receiver.pid });
      const filled = perSecond === undefined ? await publish() : undefined;
      const before = cpu();
      const startedAt = await this.floorRole.call('start', { natsUrl, origin: this.sink });
      const published = filled ?? (await publish());
      const lastAt = await this.arrived(events);
      await this.floorDone();
      const spent = spentMs(before, cpu());
      await this.floorRole.call('stop', null);
      const arrivals = await this.receiver.call('arrivals', undefined);
      const faults = faultsOf(arrivals, { first: 0, events, channelsOf: () => [0], printerOf: (n) => printerOf(n, 1) });
      if (faults.length > 0) throw new Error(`The floor did not deliver every event as it must: ${faults.join('; ')}`);
      return { published, arrivals, deliveries: events, seconds: (lastAt - startedAt) / 1000, settledSeconds: 0, cpu: spent };
    });
  }

  /** What publishing costs at the least: a JetStream publish with an id and its ack for each event, 500 under way. */
  floorOfPublishing(events: number): Promise<Pick<Flowed, 'published' | 'cpu'>> {
    return withFloorStreams(this.jsm, async () => {
      const way: Way = { kind: 'nats', url: this.farm.natsUrl, subject: 'floor.event' };
      const cpu = () => cpuMs({ nats: this.farm.pids().nats!, publisher: this.publisher.pid });
      const before = cpu();
      const load = { run: await this.expect(), accounts: 1, type: 'job.started', first: 0, events };
      const published = await this.publisher.call('publish', { way, load });
      return { published, cpu: spentMs(before, cpu()) };
    });
  }

  /** Begins a run of which the receiver counts the arrivals; its number. */
  async expect(): Promise<number> {
    await this.receiver.call('expect', ++runs);
    return runs;
  }

  private arrived(total: number): Promise<number> {
    return this.receiver.call('arrived', { total, stallMs });
  }

  private async floorDone(): Promise<void> {
    while ((await this.jsm.streams.info(floorQueue)).state.messages > 0) await new Promise((done) => setTimeout(done, 50));
  }
}

/** Milliseconds from sending to arrival, of the arrivals that are chosen. */
export function latencies(
  { published: { sentAt }, arrivals: { n, channel, at } }: Pick<Flowed, 'published' | 'arrivals'>,
  chosen: (n: number, channel: number) => boolean = () => true,
): Float64Array {
  const found: number[] = [];
  n.forEach((event, i) => {
    if (chosen(event, channel[i]!)) found.push(at[i]! - sentAt[event]!);
  });
  return Float64Array.from(found);
}
