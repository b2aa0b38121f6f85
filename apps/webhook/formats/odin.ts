import { type FarmEvent, rowOf, type Severity } from '#contracts';
import type { Format } from './format.js';
import { numericId } from './numeric-id.js';
import { isoTime } from './times.js';

/** O.D.I.N. knows three. */
const severities: Record<Severity, string> = {
  info: 'info',
  success: 'info',
  warning: 'warning',
  error: 'critical',
  critical: 'critical',
};

/** O.D.I.N.'s generic JSON, as its documentation shows it; a digest of quiet hours has a form of its own. */
export const odin: Format = (event) => ({
  contentType: 'application/json',
  body: event.type === 'channel.digest' ? digestOf(event) : alertOf(event),
});

const alertOf = ({ account, type, severity, title, message, time, printer }: FarmEvent) => ({
  type: alertType(type),
  severity: severities[severity],
  title,
  message,
  printer_id: printer?.id ? numericId(account, 'printer', printer.id) : undefined,
  printer_name: printer?.name || printer?.id || undefined,
  timestamp: Date.parse(time) / 1000,
});

const alertType = (type: string): string => rowOf(type)?.vendors.odin ?? type;

/** O.D.I.N. lists so many alerts in a digest and counts the rest. */
const mostAlerts = 50;

/** The digest that O.D.I.N. posts for an organization when its quiet hours end. */
function digestOf({ account, organization, time, data }: FarmEvent) {
  const told = alertsOf(data);
  const alerts = told.slice(0, mostAlerts);
  const count = Math.max(isCount(data?.count) ? data.count : 0, told.length);
  return {
    event: 'quiet_hours_digest',
    org: organization ?? account,
    window_ended_at: isoTime(time),
    alert_count: count,
    alerts,
    truncated: count - alerts.length,
  };
}

/** From `alerts` (`type, severity, title, time`) where the digest has them, else from its lines. */
function alertsOf(data: FarmEvent['data']): object[] {
  if (Array.isArray(data?.alerts))
    return data.alerts.filter(isAlert).map((alert) => ({
      alert_type: alertType(alert.type),
      severity: severities[alert.severity],
      title: alert.title,
      created_at: alert.time,
    }));
  const types = Object.keys(data?.types ?? {});
  const lines = Array.isArray(data?.lines) ? data.lines.filter((line) => typeof line === 'string') : [];
  return lines.map((title) => {
    const type = typeOf(title, types);
    const row = type === undefined ? undefined : rowOf(type);
    return { alert_type: row && alertType(row.type), severity: row && severities[row.severity], title };
  });
}

/** The type that a line is of: the only one there is, or the one whose default title begins so. */
function typeOf(line: string, types: string[]): string | undefined {
  if (types.length === 1) return types[0];
  return types.find((type) => {
    const label = rowOf(type)?.label;
    return label && (line === label || line.startsWith(`${label}: `));
  });
}

interface Alert {
  type: string;
  severity: Severity;
  title: string;
  time: string;
}

const isAlert = (value: unknown): value is Alert => {
  const { type, severity, title, time } = (value ?? {}) as Partial<Record<keyof Alert, unknown>>;
  return [type, severity, title, time].every((part) => typeof part === 'string') && String(severity) in severities;
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
