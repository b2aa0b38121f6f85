import type { KV } from '@nats-io/kv';
import type { Bus } from '#bus';
import type { Printer } from '#contracts';

export type Registered = Printer & { organization?: string | null };

export const printerKey = (account: string, id: string) => `${account}.${Buffer.from(id).toString('base64url')}`;

/** The printers that rules registered, kept current by watching: accept() fills what publishers leave out. */
export class Registry {
  private readonly printers = new Map<string, Registered>();
  private constructor(private readonly watch: Awaited<ReturnType<KV['watch']>>) {}

  static async open(bus: Bus): Promise<Registry> {
    const registry = new Registry(await (await bus.bucket('PRINTERS')).watch());
    void registry.follow();
    return registry;
  }

  get(account: string, id: string): Registered | undefined {
    return this.printers.get(printerKey(account, id));
  }

  close(): void {
    this.watch.stop();
  }

  private async follow(): Promise<void> {
    for await (const entry of this.watch) {
      if (entry.operation === 'PUT') this.printers.set(entry.key, entry.json<Registered>());
      else this.printers.delete(entry.key);
    }
  }
}
