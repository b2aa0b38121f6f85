import type { FarmEvent, QuietHours } from '#contracts';
import { digestType, type Matchable, rank } from '../match.js';
import { type QuietWindow, windowAt } from './window.js';

/** Where an account's or an organization's quiet hours are kept; the organization is empty for the account's own. */
export interface QuietSource {
  all(): Promise<QuietRow[]>;
  ofAccount(account: string): Promise<QuietRow[]>;
}
export interface QuietRow {
  account: string;
  organization: string;
  settings: QuietHours;
}

interface Known {
  window: QuietWindow | null;
  from: Date;
  until: Date;
}

/** Which quiet hours hold for a channel: its own, else its organization's, else its account's. */
export class Quiet {
  private readonly accounts = new Map<string, Map<string, QuietHours>>();
  /** Windows are dear to compute, and stay the same for hours. */
  private readonly known = new WeakMap<QuietHours, Known>();
  /** Accounts whose settings were read anew, for who looks at them now and then. */
  readonly changed = new Set<string>();

  constructor(private readonly source: QuietSource) {}

  async load(): Promise<void> {
    const rows = await this.source.all();
    const accounts = new Set([...this.accounts.keys(), ...rows.map(({ account }) => account)]);
    for (const account of accounts)
      this.take(
        account,
        rows.filter((row) => row.account === account),
      );
  }

  async refresh(account: string): Promise<void> {
    this.take(account, await this.source.ofAccount(account));
  }

  hoursOf({
    account,
    organization,
    quiet_hours,
  }: Pick<Matchable, 'account' | 'organization' | 'quiet_hours'>): QuietHours | undefined {
    if (quiet_hours) return quiet_hours;
    const set = this.accounts.get(account);
    return (organization && set?.get(organization)) || set?.get('');
  }

  /** The window that a channel is in. */
  windowOf(channel: Matchable, at: Date): QuietWindow | null {
    const hours = this.hoursOf(channel);
    return hours ? this.windowAt(hours, at) : null;
  }

  /** The window that holds an event back from a channel at which it is due. */
  holds(channel: Matchable, { type, severity }: Pick<FarmEvent, 'type' | 'severity'>, at: Date): QuietWindow | null {
    const hours = this.hoursOf(channel);
    if (!hours || type === digestType) return null;
    if (hours.allow_severity !== null && rank(severity) >= rank(hours.allow_severity)) return null;
    return this.windowAt(hours, at);
  }

  private windowAt(hours: QuietHours, at: Date): QuietWindow | null {
    const known = this.known.get(hours);
    if (known && at >= known.from && at < known.until) return known.window;
    const { window, until } = windowAt(hours, at);
    this.known.set(hours, { window, from: at, until });
    return window;
  }

  private take(account: string, rows: QuietRow[]): void {
    this.changed.add(account);
    this.accounts.set(account, new Map(rows.map(({ organization, settings }) => [organization, settings])));
  }
}
