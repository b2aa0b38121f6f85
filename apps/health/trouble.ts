import { sound } from '#bus';
import type { Report } from '#contracts';

/** Rows as they are written; times are milliseconds since 1970. */
export interface ChannelRow {
  id: string;
  account: string;
  epoch: number;
  last_success_at: number | null;
  last_failure_at: number | null;
  /** For people: what the answer meant. */
  last_error: string | null;
  /** In short: `server, HTTP 500`. */
  last_cause: string | null;
}

export interface TroubleRow {
  delivery: string;
  channel: string;
  epoch: number;
  late_at: number;
  blamed: boolean;
  delivered_at: number | null;
  failed_at: number | null;
  cancelled_at: number | null;
}

export interface Gone {
  channel: string;
  epoch: number;
  meaning: string;
  /** The setting that is dead. */
  dead?: string;
}

export interface Found {
  channels: ChannelRow[];
  troubles: TroubleRow[];
  gone: Gone[];
}

/** A delivery counts when it is undelivered so long after its first attempt. */
export const lateMs = 3600_000;

/** What a batch of reports says: one row a channel and one a delivery, in the order of their keys. */
export function foundIn(reports: readonly Report[], now: number): Found {
  const channels = new Map<string, ChannelRow>();
  const troubles = new Map<string, TroubleRow>();
  const gone: Gone[] = [];
  for (const report of reports) {
    sound(report, ['delivery', 'account', 'channel', 'at'], ['epoch']);
    // tests count nowhere; what was suppressed was never tried
    if (report.test || report.outcome === 'suppressed') continue;
    const channel = channelRow(report, now);
    keep(channels, channel.id, channel, mergedChannel);
    const trouble = troubleRow(report, now);
    if (trouble) keep(troubles, trouble.delivery, trouble, mergedTrouble);
    if (report.gone) {
      const { channel: id, epoch, dead } = report;
      gone.push({ channel: id, epoch, meaning: report.meaning || cause(report), ...(dead && { dead }) });
    }
  }
  return { channels: sorted(channels), troubles: sorted(troubles), gone };
}

/** `server, HTTP 500`. */
export function cause({ attempt, reason, outcome }: Report): string {
  const word = attempt?.reason ?? reason ?? outcome ?? 'failed';
  return attempt?.status ? `${word}, HTTP ${attempt.status}` : word;
}

function channelRow(report: Report, now: number): ChannelRow {
  const at = time(report.attempt?.at ?? report.at, now);
  const failed = report.outcome !== 'delivered' && (Boolean(report.attempt) || bad(report));
  return {
    id: report.channel,
    account: report.account,
    epoch: report.epoch,
    last_success_at: report.outcome === 'delivered' ? at : null,
    last_failure_at: failed ? at : null,
    last_error: failed ? report.meaning || cause(report) : null,
    last_cause: failed ? cause(report) : null,
  };
}

/** Undefined: delivered at the first attempt, or ended without one; nothing to remember. */
function troubleRow(report: Report, now: number): TroubleRow | undefined {
  const { outcome, attempt, first_attempt_at } = report;
  if (outcome === 'delivered' && (attempt?.n ?? 1) <= 1) return undefined;
  const first = first_attempt_at ?? attempt?.at;
  // what expired or was cancelled without an attempt says nothing of the channel: it waited behind others, or we were away
  if (first === undefined && outcome !== 'failed') return undefined;
  const at = time(report.at, now);
  return {
    delivery: report.delivery,
    channel: report.channel,
    epoch: report.epoch,
    late_at: time(first ?? report.at, now) + lateMs,
    blamed: outcome !== 'delivered' && !report.outage && (Boolean(attempt) || outcome === 'failed'),
    delivered_at: outcome === 'delivered' ? at : null,
    failed_at: bad(report) ? at : null,
    cancelled_at: outcome === 'cancelled' ? at : null,
  };
}

const bad = ({ outcome }: Report) => outcome === 'failed' || outcome === 'expired';

const mergedChannel = (a: ChannelRow, b: ChannelRow): ChannelRow => {
  const later = (b.last_failure_at ?? -1) >= (a.last_failure_at ?? -1) ? b : a;
  return {
    ...later,
    epoch: Math.max(a.epoch, b.epoch),
    last_success_at: greatest(a.last_success_at, b.last_success_at),
  };
};

const mergedTrouble = (a: TroubleRow, b: TroubleRow): TroubleRow => ({
  ...a,
  late_at: Math.min(a.late_at, b.late_at),
  blamed: a.blamed || b.blamed,
  delivered_at: least(a.delivered_at, b.delivered_at),
  failed_at: least(a.failed_at, b.failed_at),
  cancelled_at: least(a.cancelled_at, b.cancelled_at),
});

/** A replica whose clock is ahead must not put a failure out of the window's reach. */
const time = (text: string, now: number) => Math.min(Date.parse(text) || now, now);
const least = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.min(a, b));
const greatest = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.max(a, b));

function keep<R>(rows: Map<string, R>, key: string, row: R, merge: (a: R, b: R) => R): void {
  const other = rows.get(key);
  rows.set(key, other === undefined ? row : merge(other, row));
}

const sorted = <R>(rows: Map<string, R>): R[] => [...rows].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, row]) => row);
