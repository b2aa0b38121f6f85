import type { ChannelType } from './outcome.js';

/** Every subject that Farmbell uses, in one place. */
export const subjects = {
  ingest: (account: string, type: string) => `farmbell.ingest.${account}.${type}`,
  event: (account: string, type: string) => `farmbell.event.${account}.${type}`,
  routed: (account: string) => `farmbell.routed.${account}`,
  delivery: (type: ChannelType, lane: number, channel: string) => `farmbell.delivery.${type}.${lane}.${channel}`,
  lane: (type: ChannelType, lane: number) => `farmbell.delivery.${type}.${lane}.*`,
  /** What quiet hours hold back, for rules itself. */
  quiet: (channel: string) => `farmbell.quiet.${channel}`,
  rulesCursor: 'farmbell.cursor.rules',
  attempt: (type: ChannelType, channel: string) => `farmbell.attempt.${type}.${channel}`,
  attempts: (type: ChannelType) => `farmbell.attempt.${type}.*`,
  disable: (channel: string) => `farmbell.command.channel.disable.${channel}`,
  rejected: (service: string) => `farmbell.rejected.${service}`,
  ask: (name: string) => `farmbell.ask.${name}`,
} as const;

/** Account and type named by `farmbell.<kind>.<account>.<type…>`; undefined when the subject is shorter. */
export function accountAndType(subject: string): { account: string; type: string } | undefined {
  const [, , account, ...type] = subject.split('.');
  return account && type.length > 0 ? { account, type: type.join('.') } : undefined;
}
