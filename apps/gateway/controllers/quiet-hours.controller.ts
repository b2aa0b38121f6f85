import { Controller, Inject } from '@nestjs/common';
import { ask, Bus } from '#bus';
import { chosenId, type QuietHours, quietHoursSchema } from '#contracts';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';
import { quietHours } from '../routes/shapes.js';

const detail =
  "A channel's own quiet hours replace its organization's, and those the account's; also with enabled: false. `set_by` says whose they are.";
const ofOrganization = { path: '/v1/organizations/{id}/quiet-hours', params: { id: chosenId } } as const;

/** Quiet hours of accounts and organizations: rules owns them. A channel's own are part of the channel. */
@Controller()
export class QuietHoursController {
  constructor(@Inject(Bus) private readonly bus: Bus) {}

  @Route({
    method: 'GET',
    path: '/v1/quiet-hours',
    access: 'read',
    summary: "The account's quiet hours",
    detail,
    answer: { status: 200, schema: quietHours },
  })
  get({ caller }: Call) {
    return ask(this.bus, 'rules.quiet.get', { account: caller.account });
  }

  @Route({
    method: 'PUT',
    path: '/v1/quiet-hours',
    access: 'manage',
    summary: "Set the account's quiet hours; they hold from the next event on",
    detail,
    body: quietHoursSchema,
    answer: { status: 200, schema: quietHours },
  })
  put({ caller, body }: Call<QuietHours>) {
    return ask(this.bus, 'rules.quiet.put', { account: caller.account, quiet_hours: body });
  }

  @Route({
    method: 'DELETE',
    path: '/v1/quiet-hours',
    access: 'manage',
    summary: "Remove the account's quiet hours; those of organizations and channels stay",
    answer: { status: 204 },
  })
  async delete({ caller }: Call): Promise<void> {
    await ask(this.bus, 'rules.quiet.put', { account: caller.account, quiet_hours: null });
  }

  @Route({
    ...ofOrganization,
    method: 'GET',
    access: 'read',
    summary: "The quiet hours that hold for an organization: its own, or the account's",
    detail,
    answer: { status: 200, schema: quietHours },
  })
  getOf({ caller, params }: Call) {
    return ask(this.bus, 'rules.quiet.get', { account: caller.account, organization: params.id! });
  }

  @Route({
    ...ofOrganization,
    method: 'PUT',
    access: 'manage',
    summary: "Set an organization's quiet hours; they hold from the next event on",
    detail,
    body: quietHoursSchema,
    answer: { status: 200, schema: quietHours },
  })
  putOf({ caller, params, body }: Call<QuietHours>) {
    return ask(this.bus, 'rules.quiet.put', { account: caller.account, organization: params.id!, quiet_hours: body });
  }

  @Route({
    ...ofOrganization,
    method: 'DELETE',
    access: 'manage',
    summary: "Remove an organization's quiet hours; the account's hold again",
    answer: { status: 204 },
  })
  async deleteOf({ caller, params }: Call): Promise<void> {
    await ask(this.bus, 'rules.quiet.put', { account: caller.account, organization: params.id!, quiet_hours: null });
  }
}
