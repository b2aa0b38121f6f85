/** Closed sets: spelled the same in attempt, metric label, API and dashboard. */
export const reasons = [
  'auth',
  'gone',
  'invalid',
  'rate_limited',
  'server',
  'timeout',
  'dns',
  'tls',
  'network',
  'blocked',
  'expired',
  'disabled',
] as const;
export type Reason = (typeof reasons)[number];

export const outcomes = ['delivered', 'failed', 'suppressed', 'expired', 'cancelled'] as const;
export type Outcome = (typeof outcomes)[number];

export const channelTypes = ['discord', 'slack', 'telegram', 'pushover', 'webhook'] as const;
export type ChannelType = (typeof channelTypes)[number];

/** Types at which a person acknowledges an alarm, and the events that call it off: the trouble on that printer is over. */
export const acknowledgedTypes: readonly ChannelType[] = ['pushover'];
export const clearingEvents: readonly string[] = ['job.resumed', 'job.succeeded'];
