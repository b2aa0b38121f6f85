import { In } from 'typeorm';
import { acknowledgedTypes, categoryOf, clearingEvents, type FarmEvent, severities } from '#contracts';
import type { Database } from '#runtime';
import { digestType, type Matchable, match } from './match.js';
import { ChannelRow } from './rows.js';
import { type Keys, Selections } from './selections.js';

interface Account {
  channels: Map<string, Matchable>;
  selections: Selections;
  /** Those at which alarms are acknowledged. */
  alarming: Set<Matchable>;
}

const any = '*';
/** In a printer's place, for Farmbell's own events: the printer filter does not count for them. */
const own = '';

/** Every channel's selection in memory. What an event costs grows with the channels that it concerns, not with those there are. */
export class MatchIndex {
  private readonly accounts = new Map<string, Account>();
  private readonly accountOf = new Map<string, string>();
  /** Accounts of channels that came, changed or went, for who looks at them now and then. */
  readonly changed = new Set<string>();

  constructor(private readonly database: Database) {}

  /** The channels at which the event is due, in the order of their ids. */
  due(event: FarmEvent): Matchable[] {
    const account = this.accounts.get(event.account);
    if (!account) return [];
    if (event.type === digestType) {
      const told = account.channels.get(String(event.data?.channel_id));
      return told && match(event, told) === 'due' ? [told] : [];
    }
    const concerned = account.selections.of(keysOfEvent(event));
    return [...concerned].filter((channel) => match(event, channel) === 'due').sort(byId);
  }

  /** The channels that do not select the event, but whose alarms it calls off. */
  clears(event: FarmEvent): Matchable[] {
    if (!clearingEvents.includes(event.type)) return [];
    const alarming = this.accounts.get(event.account)?.alarming ?? [];
    return [...alarming].filter(
      (channel) => match(event, channel) !== 'due' && match(event, { ...channel, events: [], min_severity: null }) === 'due',
    );
  }

  get(id: string): Matchable | undefined {
    return this.accounts.get(this.accountOf.get(id) ?? '')?.channels.get(id);
  }

  async load(): Promise<void> {
    const rows = await this.database.rows<Matchable>(
      `select id, account, type, organization, enabled, version, epoch, lane, events, min_severity, printers, tags,
         shown->>'format' as format, quiet_hours
       from channel where not deleted`,
    );
    this.accounts.clear();
    this.accountOf.clear();
    for (const row of rows) this.put(row);
  }

  /** Reads some channels anew: the changed ones, on every replica. */
  async refresh(ids: string[]): Promise<void> {
    const rows = await this.database.getRepository(ChannelRow).findBy({ id: In(ids), deleted: false });
    for (const row of rows) this.put({ ...row, format: formatOf(row) });
    for (const id of ids) if (!rows.some((row) => row.id === id)) this.drop(id);
  }

  put(channel: Matchable): void {
    let account = this.accounts.get(channel.account);
    if (!account) {
      account = { channels: new Map(), selections: new Selections(), alarming: new Set() };
      this.accounts.set(channel.account, account);
    }
    // never back to an older version: a late read must not undo a newer write
    const present = account.channels.get(channel.id);
    if (present && present.version > channel.version) return;
    this.drop(channel.id);
    account.channels.set(channel.id, channel);
    this.changed.add(channel.account);
    this.accountOf.set(channel.id, channel.account);
    if (acknowledgedTypes.includes(channel.type)) account.alarming.add(channel);
    account.selections.add(channel, keysOfChannel(channel));
  }

  drop(id: string): void {
    const account = this.accounts.get(this.accountOf.get(id) ?? '');
    const channel = account?.channels.get(id);
    if (!account || !channel) return;
    this.accountOf.delete(id);
    account.channels.delete(id);
    this.changed.add(channel.account);
    account.alarming.delete(channel);
    account.selections.drop(channel, keysOfChannel(channel));
  }
}

const formatOf = ({ shown }: ChannelRow) => (typeof shown.format === 'string' ? shown.format : null);

/** Under which keys an event finds those that may select it. */
function keysOfEvent({ type, severity, printer }: FarmEvent): Keys {
  const category = categoryOf(type);
  const places = category === 'channel' ? [own] : [printer?.id ?? any, ...(printer?.tags ?? []).map(tagged)];
  const reached = severities.slice(0, severities.indexOf(severity) + 1);
  return { terms: [any, type, `${category}.*`], grades: [any, ...reached], places: [any, ...places] };
}

/** Under which keys a channel is found: by its printers, or else by its tags. */
function keysOfChannel({ events, printers, tags, min_severity }: Matchable): Keys {
  const places = printers.length > 0 ? printers : tags.map(tagged);
  return {
    terms: events.length > 0 ? events : [any],
    grades: [min_severity ?? any],
    places: places.length > 0 ? [...places, own] : [any],
  };
}

/** No printer's id has a line break. */
const tagged = (tag: string) => `\n${tag}`;
const byId = (a: Matchable, b: Matchable) => (a.id < b.id ? -1 : 1);
