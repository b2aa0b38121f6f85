import type { ChannelRow } from './rows.js';

/** By this beginning the plan knows again what it has disabled; it stands in rows, and so stays. */
const planMark = 'plan hobby: ';

const reasons = {
  person: 'disabled by a person',
  plan: `${planMark}webhook channels need the plan commercial; when the operator changes it with PATCH /v1/accounts/{id} {"plan": "commercial"}, this channel is enabled again`,
};

type Turned = Pick<ChannelRow, 'enabled' | 'epoch' | 'disabled_reason'>;

export const disabledByPlan = ({ enabled, disabled_reason }: Pick<Turned, 'enabled' | 'disabled_reason'>): boolean =>
  !enabled && (disabled_reason?.startsWith(planMark) ?? false);

/** What to change of a channel that is enabled or disabled. The plan enables only what it had disabled itself; a person's word outlasts it. Pure. */
export function turned(row: Turned, enabled: boolean, by: keyof typeof reasons): Partial<Turned> {
  if (by === 'person' && !enabled && disabledByPlan(row)) return { disabled_reason: reasons.person };
  if (row.enabled === enabled) return {};
  if (by === 'plan' && enabled && !disabledByPlan(row)) return {};
  return { enabled, epoch: row.epoch + 1, disabled_reason: enabled ? null : reasons[by] };
}
