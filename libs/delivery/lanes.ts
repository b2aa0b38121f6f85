import type { JsMsg } from '@nats-io/jetstream';
import { type Bus, Doorbell, every, type Lag, type Leases, pause, repeat } from '#bus';
import { type ChannelType, lanes as laneCount } from '#contracts';
import { removeConsumers } from './lane-consumers.js';
import { LaneReader } from './lane-reader.js';

const everyMs = 1000;
const renewEveryMs = 3000;
/** What was lost on its way is found at the second look. */
const lookMs = 10_000;

export interface LanesParts {
  bus: Bus;
  leases: Leases;
  type: ChannelType;
  /** Before leases are asked for. */
  looking: () => Promise<void>;
  /** Before newly taken lanes are read. */
  taking: (lanes: number[]) => Promise<void>;
  /** A message of a lane; `lost` tells whether the lane is still this process's. */
  take: (message: JsMsg, lost: () => boolean) => Promise<void>;
  /** Everything of a lane up to a sequence was taken; infinite: all that there was. */
  reached: (lane: number, seq: number) => void;
  /** Whether what a consumer gave out as its n-th was taken, and is not acked. */
  inHand: (consumer: string, n: number) => boolean;
  /** So many of the lanes, those in which least is under way: who waits for them waits least. */
  idlest: (lanes: number[], count: number) => number[];
  /** What is under way in a lane comes to its end, within a bound. */
  settled: (lane: number) => Promise<void>;
  /** Between two looks for what was lost on its way: 10 s unless told. */
  lookMs?: number;
  onChange: (owned: number[]) => void;
  onError: (error: unknown) => void;
  signal: AbortSignal;
}

/** After a broken connection lanes stay where they were, if they can: who had them knows what was under way. */
const graceMs = 3000;

/**
 * Shares a type's lanes among its replicas: each takes its fair part by lease and reads those lanes alone. Taking a lane is to
 * delete its consumer and to create one of its own: the work queue refuses a second, and the old owner's late acks with it.
 */
export class Lanes {
  private readonly lanes = new Map<number, LaneReader>();
  private readonly reading = new Set<Promise<void>>();
  private reconnectedAt = 0;
  /** Being taken over. */
  private readonly coming = new Set<number>();
  /** Being given away: not read any more, but nobody else's before what is under way in them has ended. */
  private readonly going = new Map<number, Promise<void>>();
  private readonly bell = new Doorbell();
  private balancing: Promise<void> = Promise.resolve();
  /** Lost while the broker could not be reached. */
  private readonly had = new Set<number>();

  constructor(private readonly parts: LanesParts) {}

  get owned(): number[] {
    return [...this.lanes.keys()];
  }

  owns(number: number): boolean {
    return this.lanes.has(number) && !this.isLost(number, this.lanes.get(number)!);
  }

  /** Whether nobody else can have it yet: what is under way in a lane that is being given away is still this process's. */
  holds(number: number): boolean {
    return this.parts.leases.valid(this.key(number));
  }

  /** What the owned lanes have in the queue, as the last messages told. */
  get lag(): Lag {
    const all = [...this.lanes.values()].map(({ lag }) => lag);
    return {
      messages: all.reduce((sum, { messages }) => sum + messages, 0),
      seconds: Math.max(0, ...all.map(({ seconds }) => seconds)),
    };
  }

  async run(): Promise<void> {
    const { bus, onError, signal } = this.parts;
    bus.onReconnect(() => {
      this.reconnectedAt = Date.now();
      // what is unacked goes to the next turn of reading
      for (const lane of this.lanes.values()) lane.stop();
      this.bell.ring();
    });
    signal.addEventListener('abort', () => this.bell.ring(), { once: true });
    this.balancing = every(everyMs, () => this.balance(), signal, onError);
    // beside each other: to take a lane over may last longer than a lease, and so may what is under way at a stop
    const hasAny = () => this.lanes.size + this.coming.size + this.going.size > 0;
    const renewing = repeat(
      () => this.renew(),
      () => this.bell.wait(renewEveryMs),
      () => !signal.aborted || hasAny(),
      onError,
    );
    // one after another: all at once would hold up what is being sent
    const apartMs = (this.parts.lookMs ?? lookMs) / laneCount;
    const look = async () => {
      for (const lane of [...this.lanes.values()]) {
        await lane.look();
        await pause(apartMs, signal);
      }
    };
    await Promise.all([this.balancing, renewing, every(apartMs, look, signal, onError)]);
  }

  /** At a stop: hands every lane over, each as soon as what is under way in it has ended. */
  async release(): Promise<void> {
    const { leases, type } = this.parts;
    // it counts no more from the beginning, so that the others take what they get
    const giveAll = () => Promise.all([leases.leave(type), ...this.owned.map((lane) => this.give(lane))]);
    await Promise.all([...this.going.values(), giveAll(), this.balancing.then(giveAll)]);
    const late = new AbortController();
    await Promise.race([Promise.allSettled(this.reading), pause(1000, late.signal)]);
    late.abort();
  }

  private key = (lane: number) => `lane.${this.parts.type}.${lane}`;

  private async renew(): Promise<void> {
    const kept = await Promise.all(
      [...this.owned, ...this.coming, ...this.going.keys()].map(
        async (lane) => [lane, await this.parts.leases.renew(this.key(lane))] as const,
      ),
    );
    for (const [lane, ok] of kept) if (!ok) this.lose(lane);
  }

  private async balance(): Promise<void> {
    const { leases, type, taking, signal } = this.parts;
    const fair = Math.ceil(laneCount / (await leases.replicas(type)));
    const many = this.owned.length - fair;
    if (many > 0) for (const lane of this.parts.idlest(this.owned, many)) void this.give(lane);
    if (this.owned.length >= fair) return;
    const held = await leases.held(`lane.${type}.*`);
    const others = Array.from({ length: laneCount }, (_, lane) => lane).filter(
      (lane) => !this.lanes.has(lane) && !this.going.has(lane),
    );
    const free = others.filter((lane) => !held.has(this.key(lane)) || this.had.has(lane));
    if (free.length > 0) await this.parts.looking();
    const taken: [lane: number, epoch: number][] = [];
    const grace = Date.now() - this.reconnectedAt < graceMs;
    for (const lane of grace ? free.filter((one) => this.had.has(one)) : free) {
      if (signal.aborted || this.owned.length + taken.length >= fair) break;
      const epoch = await leases.take(this.key(lane));
      if (epoch === undefined) continue;
      taken.push([lane, epoch]);
      this.coming.add(lane);
    }
    if (!grace) this.had.clear();
    if (taken.length === 0) return;
    const lanes = taken.map(([lane]) => lane);
    try {
      await removeConsumers(this.parts.bus, type, lanes);
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
    const lane = new LaneReader({
      ...this.parts,
      lane: number,
      epoch,
      isLost: () => this.isLost(number, lane),
      keep: async () => {
        if (!(await this.parts.leases.renew(this.key(number)))) this.drop(number);
      },
    });
    this.lanes.set(number, lane);
    const reading = lane.read().catch(this.parts.onError);
    this.reading.add(reading);
    void reading.finally(() => this.reading.delete(reading));
  }

  /** Also when its lease has ended without a word, as while this process stood still. */
  private isLost(number: number, lane: LaneReader): boolean {
    if (!lane.lost && !this.holds(number)) this.lose(number);
    return lane.lost;
  }

  /** Lets a lane go at once; who takes it next, this process too, takes it anew. */
  lose(number: number): void {
    if (!this.lanes.has(number)) return;
    this.had.add(number);
    this.drop(number);
    void this.parts.leases.release(this.key(number));
  }

  private drop(number: number): void {
    const lane = this.lanes.get(number);
    if (!lane) return;
    lane.lost = true;
    lane.stop();
    this.lanes.delete(number);
    this.parts.onChange(this.owned);
  }

  /** Hands a lane over: what is under way ends first, so that the next owner does not repeat it. */
  private give(number: number): Promise<void> {
    this.drop(number);
    const { settled, leases, onError } = this.parts;
    const given = settled(number)
      .then(() => leases.release(this.key(number)))
      .catch(onError)
      .finally(() => {
        this.going.delete(number);
        if (this.going.size === 0) this.bell.ring();
      });
    this.going.set(number, given);
    return given;
  }
}
