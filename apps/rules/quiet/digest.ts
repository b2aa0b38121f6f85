import { defaultTexts, type FarmEvent, rowOf, type Severity, severities } from '#contracts';
import { digestType } from '../match.js';

/** One line of a digest: an event that was held back. */
export interface Alert {
  type: string;
  severity: Severity;
  title: string;
  /** ISO time. */
  time: string;
}

export interface Digested {
  channel: { id: string; name: string; account: string; organization: string | null };
  /** ISO times. */
  window: { starts: string; ends: string };
  /** How many of each type. */
  types: Record<string, number>;
  /** Those that are told one by one, in the order in which they happened. */
  alerts: Alert[];
}

/** So many are told one by one: the gravest; the rest is counted. */
export const mostAlerts = 50;
/** Code points of a line. */
const lineLength = 120;

/** What one channel is told when its quiet hours end. The same window has the same id, whoever makes it. */
export function digestOf({ channel, window, types, alerts }: Digested): FarmEvent {
  const row = rowOf(digestType)!;
  const data = {
    channel_id: channel.id,
    channel_name: channel.name,
    window,
    count: Object.values(types).reduce((sum, n) => sum + n, 0),
    types,
    lines: alerts.map(({ title }) => title),
    alerts,
  };
  return {
    id: `${digestType}:${channel.id}:${Date.parse(window.starts) / 1000}`,
    type: digestType,
    severity: row.severity,
    time: window.ends,
    ...defaultTexts(row, { type: digestType, data }),
    account: channel.account,
    ...(channel.organization && { organization: channel.organization }),
    data,
  };
}

export const lineOf = (title: string): string => {
  const points = [...title];
  return points.length > lineLength ? `${points.slice(0, lineLength - 1).join('')}…` : title;
};

/** The rows of a window as its digest tells them; `gravest` in any order. */
export const alertsOf = (gravest: readonly { type: string; severity: Severity; title: string; time: Date }[]): Alert[] =>
  [...gravest]
    .sort((a, b) => a.time.getTime() - b.time.getTime() || severities.indexOf(b.severity) - severities.indexOf(a.severity))
    .map(({ type, severity, title, time }) => ({ type, severity, title: lineOf(title), time: time.toISOString() }));
