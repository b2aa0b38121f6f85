import type { Asks, ChannelView } from '#contracts';

export type Health = Asks['health.status'][1][string];

/** A channel as the API shows it: rules' row, with what health knows; `health` undefined while that service is away. */
export function channelOf(view: ChannelView, health: Health | undefined, generated: Record<string, string> = {}) {
  const { account: _, epoch: __, disabled_reason, created_at, updated_at, settings, ...shown } = view;
  return {
    ...shown,
    settings: { ...settings, ...generated },
    status: statusOf(view.enabled, disabled_reason, health),
    created_at,
    updated_at,
  };
}

function statusOf(enabled: boolean, disabledReason: string | null, health: Health | undefined) {
  const state = !enabled ? 'disabled' : health?.warned ? 'failing' : 'healthy';
  return {
    state,
    reason: state === 'disabled' ? disabledReason : state === 'failing' ? `${health?.failures} deliveries failed lately` : null,
    failures: health?.failures ?? null,
    last_success_at: health?.last_success_at ?? null,
    last_failure_at: health?.last_failure_at ?? null,
    last_error: health?.last_error ?? null,
  };
}
