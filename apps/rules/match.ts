import { type ChannelType, categoryOf, type FarmEvent, type QuietHours, rowOf, type Severity, severities } from '#contracts';

/** What matching needs of a channel: the index holds one of these for each. */
export interface Matchable {
  id: string;
  account: string;
  type: ChannelType;
  organization: string | null;
  enabled: boolean;
  version: number;
  epoch: number;
  lane: number;
  events: string[];
  min_severity: Severity | null;
  printers: string[];
  tags: string[];
  /** Of a webhook. */
  format?: string | null;
  quiet_hours?: QuietHours | null;
}

export type Match = 'due' | 'not_selected' | 'disabled' | 'min_severity' | 'printers' | 'tags' | 'organization';

/**
 * What becomes of an event at a channel of its account: `due`, or the first thing that keeps it away. Pure.
 * `channel.*` events obey the selection and min_severity alone, and never go to the channel they speak of,
 * but for a digest.
 */
export function match(event: FarmEvent, channel: Matchable): Match {
  if (event.type === digestType) return matchDigest(event, channel);
  const own = categoryOf(event.type) === 'channel';
  if (!selects(channel.events, event.type) || !hasName(channel.format, event.type)) return 'not_selected';
  if (own && event.data?.channel_id === channel.id) return 'not_selected';
  if (!channel.enabled) return 'disabled';
  if (channel.min_severity && rank(event.severity) < rank(channel.min_severity)) return 'min_severity';
  if (channel.organization && channel.organization !== event.organization) return 'organization';
  if (own) return 'due';
  if (channel.printers.length && !channel.printers.includes(event.printer?.id ?? '')) return 'printers';
  if (channel.tags.length && !event.printer?.tags?.some((tag) => channel.tags.includes(tag))) return 'tags';
  return 'due';
}

export const digestType = 'channel.digest';

/** A digest is for the channel whose quiet hours are over, whatever it selects. */
function matchDigest({ type, data }: FarmEvent, { id, format, enabled }: Matchable): Match {
  if (data?.channel_id !== id || !hasName(format, type)) return 'not_selected';
  return enabled ? 'due' : 'disabled';
}

/** An empty selection means all but `job.progress`, which is asked for by name or by `job.*`. */
function selects(events: string[], type: string): boolean {
  if (events.length === 0) return type !== 'job.progress';
  return events.includes(type) || events.includes(`${categoryOf(type)}.*`);
}

/** OctoEverywhere knows events by their numbers alone: what has none there cannot be said. */
const hasName = (format: string | null | undefined, type: string): boolean =>
  format !== 'octoeverywhere' || rowOf(type)?.vendors.octoeverywhere !== undefined;

/** The graver, the higher. */
export const rank = (severity: Severity) => severities.indexOf(severity);
