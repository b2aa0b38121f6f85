import { Controller, Inject } from '@nestjs/common';
import { v7 } from 'uuid';
import type { z } from 'zod';
import { ask, Bus } from '#bus';
import { type AppConnectionCreate, appConnectionCreateSchema } from '#contracts';
import { Accounts } from '../access/accounts.js';
import { newAppToken } from '../access/app-tokens.js';
import { cursorOf, pageOf, pageQuery, placeOf } from '../http/page.js';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';
import { appConnection, appConnectionMade } from '../routes/shapes.js';

/** Connections of apps as users manage them: rules owns them. */
@Controller()
export class AppConnectionsController {
  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Accounts) private readonly accounts: Accounts,
  ) {}

  @Route({
    method: 'GET',
    path: '/v1/app-connections',
    access: 'read',
    summary: "The account's app connections; their tokens are never shown",
    query: pageQuery,
    answer: { status: 200, schema: pageOf(appConnection) },
  })
  async list({ caller, query }: Call<undefined, z.output<typeof pageQuery>>) {
    const asked = { account: caller.account, after: placeOf(query.cursor), limit: query.limit };
    const { data, next } = await ask(this.bus, 'rules.app.list', asked);
    return { data, next_cursor: next && cursorOf(next) };
  }

  @Route({
    method: 'POST',
    path: '/v1/app-connections',
    access: 'manage',
    summary: 'Connect an app to one printer; the answer shows its token, once',
    detail:
      "The app sets its webhook itself, by OctoEverywhere's app API under /api/appconnection/. Needs the plan commercial, as webhook channels do.",
    body: appConnectionCreateSchema,
    answer: { status: 201, schema: appConnectionMade },
    secret: true,
  })
  async create({ caller: { account }, body }: Call<AppConnectionCreate>) {
    await this.accounts.needCommercial(account, 'App connections');
    const { token, hash } = newAppToken();
    // no id of the request's own: the token of one that was made before is known to nobody
    const { id } = await ask(this.bus, 'rules.app.create', { account, id: v7(), hash, connection: body });
    return { id, app_token: token };
  }

  @Route({
    method: 'DELETE',
    path: '/v1/app-connections/{id}',
    access: 'manage',
    summary: 'Delete an app connection and its channel; its token is void at once',
    answer: { status: 204 },
  })
  async delete({ caller, params }: Call): Promise<void> {
    await ask(this.bus, 'rules.app.delete', { account: caller.account, id: params.id! });
  }
}
