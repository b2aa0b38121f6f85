import { newKey } from './pushover-apps.js';

/** An emergency that is repeated until somebody acknowledges it. Times are ms since 1970. */
export interface Emergency {
  receipt: string;
  token: string;
  user: string;
  tags: string[];
  at: number;
  retryMs: number;
  /** When its last repeat is over, cancelled or not. */
  expiresAt: number;
  acknowledged?: { at: number; by: string; device: string };
}

const mostRepeats = 50;
const keptMs = 7 * 24 * 3600_000;
const seconds = (ms: number): number => Math.floor(ms / 1000);

/** Receipts as https://pushover.net/api/receipts has them. */
export class Emergencies {
  private readonly all = new Map<string, Emergency>();

  constructor(private readonly now: () => number) {}

  begin(token: string, user: string, { retry, expire, tags = '' }: Record<string, string>): string {
    const receipt = newKey('r');
    const retryMs = Number(retry) * 1000;
    this.all.set(receipt, {
      receipt,
      token,
      user,
      tags: tags.split(',').filter(Boolean),
      at: this.now(),
      retryMs,
      // so many repeats at most, whatever expire says
      expiresAt: this.now() + Math.min(Number(expire) * 1000, mostRepeats * retryMs),
    });
    return receipt;
  }

  /** Known to the application that sent it, for a week. */
  find(receipt: string, token: string): Emergency | undefined {
    const found = this.all.get(receipt);
    return found && found.token === token && this.now() < found.at + keptMs ? found : undefined;
  }

  /** Somebody taps on it. The first one counts. */
  acknowledge(receipt: string, device: string): void {
    const found = this.all.get(receipt);
    if (!found) throw new Error('There is no emergency with this receipt');
    if (!this.isOpen(found)) throw new Error('This emergency is over: nobody is asked to acknowledge it any more');
    found.acknowledged = { at: this.now(), by: found.user, device };
  }

  cancel(found: Emergency): void {
    if (this.isOpen(found)) found.expiresAt = this.now();
  }

  /** How many were open. */
  cancelTagged(tag: string, token: string): number {
    const open = [...this.all.values()].filter((one) => one.token === token && one.tags.includes(tag) && this.isOpen(one));
    for (const one of open) this.cancel(one);
    return open.length;
  }

  isOpen(one: Emergency): boolean {
    return !one.acknowledged && this.now() < one.expiresAt;
  }

  /** How often it was shown so far. */
  shown(one: Emergency): number {
    return 1 + Math.floor((this.endOf(one) - one.at) / one.retryMs);
  }

  view(one: Emergency): object {
    const { acknowledged, expiresAt, at, retryMs } = one;
    return {
      acknowledged: acknowledged ? 1 : 0,
      acknowledged_at: acknowledged ? seconds(acknowledged.at) : 0,
      acknowledged_by: acknowledged?.by ?? '',
      acknowledged_by_device: acknowledged?.device ?? '',
      last_delivered_at: seconds(at + (this.shown(one) - 1) * retryMs),
      expired: this.now() >= expiresAt ? 1 : 0,
      expires_at: seconds(expiresAt),
      called_back: 0,
      called_back_at: 0,
    };
  }

  private endOf({ acknowledged, expiresAt }: Emergency): number {
    return Math.min(this.now(), expiresAt, acknowledged?.at ?? Number.POSITIVE_INFINITY);
  }
}
