import type { KV, KvWatchEntry } from '@nats-io/kv';
import type { z } from 'zod';
import { type Bus, pause } from '#bus';
import { checked, printerSchema, text } from '#contracts';

const registration = printerSchema.extend({ organization: text(300).nullable().optional() });
export type Registered = z.infer<typeof registration>;

export const printerKey = (account: string, id: string) => `${account}.${Buffer.from(id).toString('base64url')}`;

const loadMs = 5_000;

/** The printers that rules registered, kept current by watching: accept() fills what publishers leave out. */
export class Registry {
  private readonly printers = new Map<string, Registered>();
  private readonly closing = new AbortController();
  private watch: Awaited<ReturnType<KV['watch']>> | undefined;

  /** Resolves when what is registered by now is known. */
  static async open(bus: Bus): Promise<Registry> {
    const registry = new Registry();
    const bucket = await bus.bucket('PRINTERS');
    const { values } = await bucket.status();
    registry.watch = await bucket.watch();
    const loaded = new Promise<void>((done) => void registry.stayCurrent(bus, done));
    if (values > 0) await Promise.race([loaded, pause(loadMs, registry.closing.signal)]);
    return registry;
  }

  get(account: string, id: string): Registered | undefined {
    return this.printers.get(printerKey(account, id));
  }

  close(): void {
    this.closing.abort();
    this.watch?.stop();
  }

  /** Follows the bucket until closed; a watch that ends, as when the broker came back without it, is opened again. */
  private async stayCurrent(bus: Bus, loaded: () => void): Promise<void> {
    while (!this.closing.signal.aborted) {
      try {
        this.watch ??= await (await bus.bucket('PRINTERS')).watch();
        for await (const entry of this.watch) {
          this.note(entry);
          if (entry.isUpdate) loaded();
        }
      } catch {
        // the broker is away: what is known stays known
      }
      this.watch = undefined;
      await pause(1000, this.closing.signal);
    }
  }

  private note(entry: KvWatchEntry): void {
    try {
      const read = entry.operation === 'PUT' ? checked(registration, entry.json()) : undefined;
      if (read && 'data' in read) this.printers.set(entry.key, read.data);
      else this.printers.delete(entry.key);
    } catch {
      // not a registration: the printer's events go on without one
      this.printers.delete(entry.key);
    }
  }
}
