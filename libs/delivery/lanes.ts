import { AckPolicy, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream';
import { type Bus, Doorbell, isMissing, type Leases, pause } from '#bus';
import { type ChannelType, lanes as laneCount, subjects } from '#contracts';

const everyMs = 1000;
const renewEveryMs = 3000;
/** More than a process holds in memory: what it parks is acked soon, and no channel's messages keep another's from coming. */
const maxUnacked = 50_000;
/** A dead owner's messages come with the lane's next consumer, and a broken connection's too: nobody waits for this. */
const ackWaitMs = 3600_000;

export interface LanesParts {
  bus: Bus;
  leases: Leases;
  type: ChannelType;
  /** Before newly taken lanes are read. */
  taking: (lanes: number[]) => Promise<void>;
  /** A message of a lane; `lost` tells whether the lane is still this process's. */
  take: (message: JsMsg, lost: () => boolean) => Promise<void>;
  /** Everything of a lane up to a sequence was taken; infinite: all that there was. */
  reached: (lane: number, seq: number) => void;
  /** What is in flight of a lane comes to its end, within a bound. */
  settled: (lane: number) => Promise<void>;
  onChange: (owned: number[]) => void;
  onError: (error: unknown) => void;
  signal: AbortSignal;
}

/** After a broken connection lanes stay where they were, if they can: who had them knows what was under way. */
const graceMs = 3000;

interface Lane {
  lost: boolean;
  messages?: ConsumerMessages;
}

/**
 * Shares a type's lanes among its replicas: each takes its fair part by lease and reads those lanes alone. Taking a lane is to
 * delete its consumer and to create one of its own: the work queue refuses a second, and the old owner's late acks with it.
 */
export class Lanes {
  private readonly lanes = new Map<number, Lane>();
  private readonly reading = new Set<Promise<void>>();
  private reconnectedAt = 0;
  /** Being taken over. */
  private readonly coming = new Set<number>();
  /** Lost while the broker could not be reached. */
  private readonly had = new Set<number>();

  constructor(private readonly parts: LanesParts) {}

  get owned(): number[] {
    return [...this.lanes.keys()];
  }

  owns(lane: number): boolean {
    return this.lanes.has(lane);
  }

  async run(): Promise<void> {
    const reconnected = new Doorbell();
    this.parts.bus.onReconnect(() => {
      this.reconnectedAt = Date.now();
      this.stopReading();
      reconnected.ring();
    });
    this.parts.signal.addEventListener('abort', () => reconnected.ring(), { once: true });
    // beside each other: to take a lane over may last longer than a lease
    await Promise.all([
      this.repeat(
        () => this.renew(),
        () => reconnected.wait(renewEveryMs),
      ),
      this.repeat(
        () => this.balance(),
        () => pause(everyMs, this.parts.signal),
      ),
    ]);
  }

  private async repeat(act: () => Promise<void>, wait: () => Promise<void>): Promise<void> {
    while (!this.parts.signal.aborted) {
      await act().catch(this.parts.onError);
      if (!this.parts.signal.aborted) await wait();
    }
  }

  /** Ends the present turn of reading: what is unacked goes to the next one, or to the next owner. */
  stopReading(): void {
    for (const lane of this.lanes.values()) lane.messages?.stop();
  }

  async release(): Promise<void> {
    const { leases, type } = this.parts;
    await Promise.race([Promise.allSettled(this.reading), pause(1000)]);
    await Promise.all(this.owned.map((lane) => this.give(lane)));
    await leases.leave(type);
  }

  private key = (lane: number) => `lane.${this.parts.type}.${lane}`;

  private async renew(): Promise<void> {
    const kept = await Promise.all(
      [...this.owned, ...this.coming].map(async (lane) => [lane, await this.parts.leases.renew(this.key(lane))] as const),
    );
    for (const [lane, ok] of kept) {
      if (ok) continue;
      this.had.add(lane);
      this.drop(lane);
    }
  }

  private async balance(): Promise<void> {
    const { leases, type, taking } = this.parts;
    const fair = Math.ceil(laneCount / (await leases.replicas(type)));
    await Promise.all(this.owned.slice(fair).map((lane) => this.give(lane)));
    if (this.owned.length >= fair) return;
    const held = await leases.held(`lane.${type}.*`);
    const others = Array.from({ length: laneCount }, (_, lane) => lane).filter((lane) => !this.lanes.has(lane));
    const free = others.filter((lane) => !held.has(this.key(lane)) || this.had.has(lane));
    const taken: [lane: number, epoch: number][] = [];
    const grace = Date.now() - this.reconnectedAt < graceMs;
    for (const lane of grace ? free.filter((one) => this.had.has(one)) : free) {
      if (this.owned.length + taken.length >= fair) break;
      const epoch = await leases.take(this.key(lane));
      if (epoch === undefined) continue;
      taken.push([lane, epoch]);
      this.coming.add(lane);
    }
    if (!grace) this.had.clear();
    if (taken.length === 0) return;
    const lanes = taken.map(([lane]) => lane);
    try {
      await this.removeConsumers(lanes);
      await taking(lanes);
    } catch (error) {
      // a lease that nobody renews would keep everybody from the lane until it ends
      await Promise.allSettled(lanes.map((lane) => leases.release(this.key(lane))));
      throw error;
    } finally {
      this.coming.clear();
    }
    for (const [lane, epoch] of taken) if (leases.valid(this.key(lane))) this.start(lane, epoch);
    this.parts.onChange(this.owned);
  }

  private start(number: number, epoch: number): void {
    const lane: Lane = { lost: false };
    this.lanes.set(number, lane);
    const reading = this.read(number, lane, epoch).catch(this.parts.onError);
    this.reading.add(reading);
    void reading.finally(() => this.reading.delete(reading));
  }

  private async read(number: number, lane: Lane, epoch: number): Promise<void> {
    const { type, signal, onError } = this.parts;
    for (let turn = 0; !signal.aborted && !lane.lost; turn++) {
      try {
        // the last turn's consumer is deleted: what it had given out and is not acked comes anew, at once and in order
        if (turn > 0) await this.removeConsumers([number]);
        await this.readTurn(number, lane, `${type}-${number}-${epoch}-${turn}`);
      } catch (error) {
        onError(error);
      }
      if (signal.aborted || lane.lost) return;
      await pause(250, signal);
      // the consumer is gone (the lane was taken by another, or the broker came back without it), or the connection broke
      if (!(await this.parts.leases.renew(this.key(number)))) this.drop(number);
    }
  }

  /** Reads a lane by a consumer of its own, until that ends. */
  private async readTurn(number: number, lane: Lane, name: string): Promise<void> {
    const { bus, type, take, reached, signal } = this.parts;
    await bus.jsm.consumers.add('DELIVERIES', {
      durable_name: name,
      filter_subject: subjects.lane(type, number),
      ack_policy: AckPolicy.Explicit,
      ack_wait: ackWaitMs * 1e6,
      max_ack_pending: maxUnacked,
    });
    const consumer = await bus.js.consumers.get('DELIVERIES', name);
    const messages = await consumer.consume({ max_messages: 256, expires: 5_000, abort_on_missing_resource: true });
    lane.messages = messages;
    if (signal.aborted || lane.lost) messages.stop();
    if ((await consumer.info(true)).num_pending === 0) reached(number, Number.POSITIVE_INFINITY);
    for await (const message of messages) {
      await take(message, () => this.isLost(number, lane));
      reached(number, message.info.pending === 0 ? Number.POSITIVE_INFINITY : message.seq);
    }
  }

  /** Also when its lease has ended without a word, as while this process stood still. */
  private isLost(number: number, lane: Lane): boolean {
    if (!lane.lost && !this.parts.leases.valid(this.key(number))) {
      this.had.add(number);
      this.drop(number);
      void this.parts.leases.release(this.key(number));
    }
    return lane.lost;
  }

  private drop(number: number): void {
    const lane = this.lanes.get(number);
    if (!lane) return;
    lane.lost = true;
    lane.messages?.stop();
    this.lanes.delete(number);
    this.parts.onChange(this.owned);
  }

  /** Hands a lane over: what is in flight ends first, so that the next owner does not repeat it. */
  private async give(number: number): Promise<void> {
    this.drop(number);
    await this.parts.settled(number);
    await this.parts.leases.release(this.key(number));
  }

  private async removeConsumers(lanes: number[]): Promise<void> {
    const { bus, type } = this.parts;
    const prefixes = lanes.map((lane) => `${type}-${lane}-`);
    for await (const name of consumerNames(bus)) {
      if (!prefixes.some((prefix) => name.startsWith(prefix))) continue;
      await bus.jsm.consumers.delete('DELIVERIES', name).catch((error) => {
        if (!isMissing(error)) throw error;
      });
    }
  }
}

/** Names alone: with their states a cluster waits for each consumer's leader, and leaves out those that have none just now. */
async function* consumerNames(bus: Bus): AsyncGenerator<string> {
  for (let offset = 0, total = 1; offset < total; ) {
    const answer = await bus.nc.request('$JS.API.CONSUMER.NAMES.DELIVERIES', JSON.stringify({ offset }), { timeout: 10_000 });
    const page = answer.json<{ error?: { description: string }; consumers?: string[] | null; total: number }>();
    if (page.error) throw new Error(`the consumers of DELIVERIES cannot be read: ${page.error.description}`);
    const names = page.consumers ?? [];
    yield* names;
    total = names.length > 0 ? page.total : 0;
    offset += names.length;
  }
}
