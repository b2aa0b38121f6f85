import { ConfigError, need, type Settings, version } from '#runtime';
import type { Channel } from './channel.js';
import { type EgressPolicy, type Endpoint, egressPolicy, parseCidrs } from './http/index.js';

/**
 * Who calls. Discord asks for a form of its own, with an address of the caller:
 * https://discord.com/developers/docs/reference#user-agent
 */
export const userAgent = (type: string, publicUrl: string): string =>
  type === 'discord' ? `DiscordBot (${publicUrl}, ${version})` : `Farmbell/${version}`;

const origins = (config: Settings): Record<string, string | undefined> => ({
  discord: config.FARMBELL_DISCORD_ORIGIN,
  slack: config.FARMBELL_SLACK_ORIGIN,
  telegram: config.FARMBELL_TELEGRAM_ORIGIN,
  pushover: config.FARMBELL_PUSHOVER_ORIGIN,
});

/** Where a channel type sends: the operator's origin, else the provider's. */
export const originOf = (config: Settings, channel: Channel): string => origins(config)[channel.type] ?? channel.origin;

/** Who may be reached: the public internet, what the operator allows, the operator's origin of this type; never our own servers. */
export function policyOf(config: Settings, channel: Channel): EgressPolicy {
  const origin = origins(config)[channel.type];
  try {
    return egressPolicy({
      allow: parseCidrs(config.FARMBELL_EGRESS_ALLOW),
      forbidden: own(config),
      trusted: origin ? [origin] : [],
    });
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

function own(config: Settings): Endpoint[] {
  const endpoints = (urls: string, port: number) =>
    urls
      .split(',')
      .map((url) => ({ host: new URL(url).hostname.replace(/^\[|\]$/g, ''), port: Number(new URL(url).port) || port }));
  return [...endpoints(need(config, 'NATS_URL'), 4222), ...endpoints(need(config, 'DATABASE_URL'), 5432)];
}
