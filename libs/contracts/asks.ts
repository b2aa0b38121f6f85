import type { AppCaller, AppConnectionCreate, AppConnectionView, AppWebhook } from './app-connection.js';
import type { ChannelCopy, ChannelCreate, ChannelPatch, ChannelStatus, ChannelView } from './channel.js';
import type { Acknowledged, Attempt, Rejection } from './delivery.js';
import type { FarmEvent } from './envelope.js';
import type { OrganizationCreate, OrganizationPatch, OrganizationView } from './organization.js';
import type { ChannelType, Outcome, Reason } from './outcome.js';
import type { PrinterCreate, PrinterPatch, PrinterView } from './printer.js';
import type { QuietHours, QuietHoursView } from './quiet-hours.js';
import type { ReplayView } from './replay.js';

/** A page of a list: `cursor` is the last one's `next_cursor`. */
export interface PageAsk {
  account: string;
  limit: number;
  cursor?: string;
}
export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

/** Where a list of rules goes on: behind what was made at `at` with this id. */
export interface MadePlace {
  at: string;
  id: string;
}
export interface MadeAsk {
  account: string;
  after?: MadePlace;
  limit: number;
}
/** In the order in which they were made; `next` is null at the end. Fewer than `limit` when more would not fit a message. */
export interface MadeList<T> {
  data: T[];
  next: MadePlace | null;
}

export interface DeliveryView {
  id: string;
  event_id: string;
  event_type: string;
  channel_id: string;
  channel_type: ChannelType;
  outcome: Outcome | null;
  reason: Reason | null;
  created_at: string;
  finished_at: string | null;
  next_attempt_at: string | null;
  replay_of: string | null;
  folded_into: string | null;
  /** Who acknowledged it at the provider, and when; null while nobody has, or nobody can. */
  acknowledged: Acknowledged | null;
  attempts: Attempt[];
}

export interface Caller {
  account: string;
  scopes: string[];
  admin: boolean;
}

/** What a channel type's own service says of settings that a user gives. */
export interface CheckedSettings {
  /** Complete, with defaults and generated values: to be sealed. */
  settings: Record<string, unknown>;
  /** The same with secrets masked: to be shown. */
  shown: Record<string, unknown>;
  /** Secrets made here, shown once. */
  generated: Record<string, string>;
  /** What the provider's limit counts by: decides the lane. */
  scope: string;
  /** What the settings preset for the channel where the user gave nothing. */
  defaults: Pick<ChannelCopy, 'retry' | 'expires_after_s' | 'progress' | 'progress_every'>;
  /** What the settings that were known preset: a channel that still has it follows to what is preset now. */
  defaultsBefore?: CheckedSettings['defaults'];
  /** Ways of progress that this type knows beside `post`. */
  edits: boolean;
}

interface OwnerAsks {
  'rules.channel.create': [
    { account: string; id: string; channel: ChannelCreate; verify?: boolean },
    { channel: ChannelView; generated: Record<string, string> },
  ];
  /** In the order in which they were made, behind `after`; fewer than `limit` when more would not fit a message. */
  'rules.channel.list': [
    { account: string; after?: { at: string; id: string }; limit: number },
    { channels: ChannelView[]; more: boolean },
  ];
  'rules.channel.get': [{ account: string; id: string }, ChannelView];
  'rules.channel.patch': [
    { account: string; id: string; patch: ChannelPatch },
    { channel: ChannelView; generated: Record<string, string> },
  ];
  'rules.channel.delete': [{ account: string; id: string }, null];
  'rules.channel.enable': [{ account: string; id: string }, ChannelView];
  'rules.channel.disable': [{ account: string; id: string }, ChannelView];
  'rules.channel.rotate-key': [{ account: string; id: string }, { channel: ChannelView; generated: Record<string, string> }];
  /** Puts a test delivery into the channel's lane; its report goes to `reply`. */
  'rules.channel.test': [{ account: string; id: string; reply: string }, { delivery: string }];

  /** Makes the copy that delivery services read say what the channel is now, or removes it with the channel. */
  'rules.channel.copy': [{ id: string }, null];

  /** What each channel makes of an event by its present selection: `due`, or the first thing that keeps the event away. */
  'rules.event.match': [
    {
      account: string;
      event: Pick<FarmEvent, 'type' | 'severity' | 'organization' | 'printer' | 'data'>;
      after?: string;
      limit: number;
    },
    {
      channels: { id: string; name: string; match: string; min_severity: string | null; created_at: string }[];
      more: boolean;
    },
  ];

  /** Asked of the replica that folds: it reads these channels anew before it answers, so that the next event meets them. */
  'rules.index.refresh': [{ channels: string[] }, null];

  /** The account has this plan now: `hobby` disables its webhook channels, `commercial` enables those that the plan had disabled. */
  'rules.account.plan': [{ account: string; plan: 'hobby' | 'commercial' }, null];
  /** Deletes all that the account has here; refused (409) while it has channels. */
  'rules.account.delete': [{ account: string }, null];

  /** `request` is the same for a repeat of the request: what it made before is its answer then. */
  'rules.organization.create': [{ account: string; request: string; organization: OrganizationCreate }, OrganizationView];
  'rules.organization.list': [MadeAsk, MadeList<OrganizationView>];
  'rules.organization.get': [{ account: string; id: string }, OrganizationView];
  'rules.organization.patch': [{ account: string; id: string; patch: OrganizationPatch }, OrganizationView];
  'rules.organization.delete': [{ account: string; id: string }, null];

  /** Of the account, or of one of its organizations; what holds there, and whose it is. */
  'rules.quiet.get': [{ account: string; organization?: string }, QuietHoursView];
  /** Null removes them: what is above holds again. */
  'rules.quiet.put': [{ account: string; organization?: string; quiet_hours: QuietHours | null }, QuietHoursView];
  /** Asked of the replica that folds: it reads the account's quiet hours anew before it answers. */
  'rules.quiet.refresh': [{ account: string }, null];

  'rules.printer.create': [{ account: string; request: string; printer: PrinterCreate }, PrinterView];
  'rules.printer.list': [MadeAsk, MadeList<PrinterView>];
  'rules.printer.get': [{ account: string; id: string }, PrinterView];
  'rules.printer.patch': [{ account: string; id: string; patch: PrinterPatch }, PrinterView];
  'rules.printer.delete': [{ account: string; id: string }, null];

  /** `hash`: sha256 of the token, as base64url; the token itself is known to who made it alone. */
  'rules.app.create': [{ account: string; id: string; hash: string; connection: AppConnectionCreate }, AppConnectionView];
  'rules.app.list': [MadeAsk, MadeList<AppConnectionView>];
  'rules.app.delete': [{ account: string; id: string }, null];
  /** A token that is nobody's: 606. */
  'rules.app.verify': [{ hash: string }, AppCaller];
  'rules.app.set': [{ account: string; id: string; webhook: AppWebhook }, null];
  'rules.app.unset': [{ account: string; id: string }, null];

  'health.status': [
    { account: string; channels: { id: string; epoch: number }[] },
    Record<string, Omit<ChannelStatus, 'state' | 'reason'> & { warned: boolean }>,
  ];

  /** What the account received up to now is told to nobody any more, and deleted: another account may get its id. */
  'journal.account.delete': [{ account: string }, null];
  'journal.event.list': [
    PageAsk & { type?: string; printer?: string; organization?: string; since?: string; until?: string },
    Page<FarmEvent>,
  ];
  'journal.event.get': [{ account: string; id: string }, FarmEvent];
  /** Which of these ids the store knows already, for the answer `duplicate` beyond the duplicate window. */
  'journal.event.known': [{ account: string; ids: string[] }, string[]];
  /** Whether it keeps any event that was accepted in that time. */
  'journal.event.any': [{ since: string; until: string }, boolean];
  'journal.delivery.list': [
    PageAsk & { channel?: string; event?: string; outcome?: string; type?: string; since?: string; until?: string },
    Page<DeliveryView>,
  ];
  'journal.delivery.get': [{ account: string; id: string }, DeliveryView];
  'journal.replay.create': [
    {
      account: string;
      id: string;
      channel: string;
      delivery?: string;
      since?: string;
      until?: string;
      types?: string[];
      outcomes?: Outcome[];
    },
    ReplayView,
  ];
  'journal.replay.get': [{ account: string; id: string }, ReplayView];
  'journal.replay.stop': [{ account: string; id: string }, null];
  'journal.rejected.list': [{ account: string | null; limit: number; cursor?: string }, Page<Rejection>];

  'gateway.token.verify': [{ token: string; account?: string }, Caller];
}

/** Asked of a channel type's own service. */
type TypeAsks = {
  [T in ChannelType as `${T}.settings.check`]: [
    { settings: Record<string, unknown>; known?: Record<string, unknown>; rotate?: boolean; verify?: boolean },
    CheckedSettings,
  ];
} & { [T in ChannelType as `${T}.settings.describe`]: [Record<string, never>, { type: ChannelType; settings: unknown }] };

/**
 * Every question that one service may ask another: name, what is sent, what is answered. The first word is the owner.
 * A refusal comes back as a Problem; an owner that is away as a 503 with Retry-After.
 */
export type Asks = OwnerAsks & TypeAsks;
export type AskName = keyof Asks & string;
