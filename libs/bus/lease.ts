import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import type { Bus } from './bus.js';
import { pause } from './pause.js';

/** A lease not renewed for so long is free again. */
export const leaseMs = 10_000;
const renewMs = 3_000;
/** A question that is lost with the broker must not cost the lease. */
const answerMs = 2_000;

const bucket = 'LEASES';

interface Held {
  revision: number;
  renewedAt: number;
  /** A renewal that is under way: a second one beside it would find the first one's revision. */
  renewing?: Promise<boolean> | undefined;
}

/** Leases: keys of a bucket whose entries end by themselves. The revision at which one was taken is its epoch: later is higher. */
export class Leases {
  private readonly taken = new Map<string, Held>();

  private constructor(
    private readonly kv: KV,
    private readonly jsm: JetStreamManager,
    readonly holder: string,
  ) {}

  static async open(bus: Bus, holder: string): Promise<Leases> {
    const kv = await bus.bucket(bucket, { ttlMs: leaseMs, answerMs });
    return new Leases(kv, await jetstreamManager(bus.nc, { timeout: answerMs, checkAPI: false }), holder);
  }

  /** Takes a free lease, or one that is still this holder's; its epoch, or undefined while somebody else holds it. */
  async take(key: string): Promise<number | undefined> {
    const renewedAt = Date.now();
    try {
      const revision = await this.kv.create(key, this.holder).catch(() => this.retake(key));
      if (revision !== undefined) this.taken.set(key, { revision, renewedAt });
      return revision;
    } catch {
      return undefined;
    }
  }

  private async retake(key: string): Promise<number | undefined> {
    const entry = await this.kv.get(key);
    if (this.taken.has(key) || entry?.operation !== 'PUT' || entry.string() !== this.holder) return undefined;
    return this.kv.put(key, this.holder, { previousSeq: entry.revision });
  }

  /** Prolongs a held lease; false when it is lost, or could not be renewed before its end. */
  async renew(key: string): Promise<boolean> {
    const mine = this.taken.get(key);
    if (!mine) return false;
    mine.renewing ??= this.prolong(key, mine).finally(() => {
      mine.renewing = undefined;
    });
    return mine.renewing;
  }

  private async prolong(key: string, mine: Held): Promise<boolean> {
    const asked = Date.now();
    try {
      mine.revision = await this.kv.put(key, this.holder, { previousSeq: mine.revision });
      mine.renewedAt = asked;
      return true;
    } catch (error) {
      // away is not lost: the entry lives until its end, so go on until shortly before
      const lost = /wrong last sequence/i.test(String(error)) || Date.now() - mine.renewedAt > leaseMs - renewMs;
      if (lost && this.taken.get(key) === mine) this.taken.delete(key);
      return !lost;
    }
  }

  /** Whether a lease is held for certain, by this machine's clock: it also knows of a time in which this process stood still. */
  valid(key: string): boolean {
    return Date.now() - (this.taken.get(key)?.renewedAt ?? 0) < leaseMs;
  }

  async release(key: string): Promise<void> {
    const mine = this.taken.get(key);
    this.taken.delete(key);
    // one that is just being renewed has another revision then
    await mine?.renewing;
    if (mine) await this.kv.delete(key, { previousSeq: mine.revision }).catch(() => {});
  }

  /**
   * The keys of a pattern that somebody holds. Asked for by the stream's subjects: to list a bucket's keys leaves a consumer
   * behind, for five minutes each.
   */
  async held(pattern: string): Promise<Set<string>> {
    const prefix = `$KV.${bucket}.`;
    const { state } = await this.jsm.streams.info(`KV_${bucket}`, { subjects_filter: `${prefix}${pattern}` });
    const keys = Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
    const entries = await Promise.all(keys.map((key) => this.kv.get(key)));
    // a released one leaves a mark
    return new Set(keys.filter((_, i) => entries[i]?.operation === 'PUT'));
  }

  /** Registers this replica of a service and answers with how many live. */
  async replicas(service: string): Promise<number> {
    await this.kv.put(`replica.${service}.${this.holder}`, '1');
    return Math.max((await this.held(`replica.${service}.*`)).size, 1);
  }

  async leave(service: string): Promise<void> {
    await this.kv.delete(`replica.${service}.${this.holder}`).catch(() => {});
  }

  /** Frees every lease: only for who knows that no other process lives (the embedded form, behind its lock). */
  async clear(): Promise<void> {
    for (const key of await this.held('>')) await this.kv.purge(key);
  }
}

/**
 * Runs `work` in one process at a time: this one while it holds the lease, another when it loses it. The signal given to
 * `work` aborts when the lease is lost or `signal` aborts.
 */
export async function alone(
  leases: Leases,
  key: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    if ((await leases.take(key)) === undefined) {
      await pause(1000, signal);
      continue;
    }
    const mine = new AbortController();
    const stop = () => mine.abort();
    signal.addEventListener('abort', stop, { once: true });
    const working = work(mine.signal).catch(onError).finally(stop);
    while (!mine.signal.aborted) {
      await pause(renewMs, mine.signal);
      if (!mine.signal.aborted && !(await leases.renew(key))) mine.abort();
    }
    await working;
    signal.removeEventListener('abort', stop);
    await leases.release(key);
    await pause(200, signal);
  }
}
