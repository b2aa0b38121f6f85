import { Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';
import { ask, Bus } from '#bus';
import {
  chosenId,
  type OrganizationCreate,
  type OrganizationPatch,
  organizationCreateSchema,
  organizationPatchSchema,
} from '#contracts';
import { cursorOf, pageOf, pageQuery, placeOf } from '../http/page.js';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';
import { organization } from '../routes/shapes.js';

/** Organizations as users manage them: rules owns them. */
@Controller()
export class OrganizationsController {
  constructor(@Inject(Bus) private readonly bus: Bus) {}

  @Route({
    method: 'GET',
    path: '/v1/organizations',
    access: 'read',
    summary: "The account's organizations",
    query: pageQuery,
    answer: { status: 200, schema: pageOf(organization) },
  })
  async list({ caller, query }: Call<undefined, z.output<typeof pageQuery>>) {
    const { account } = caller;
    const asked = { account, after: placeOf(query.cursor), limit: query.limit };
    const { data, next } = await ask(this.bus, 'rules.organization.list', asked);
    return { data, next_cursor: next && cursorOf(next) };
  }

  @Route({
    method: 'POST',
    path: '/v1/organizations',
    access: 'manage',
    summary: 'Make an organization',
    detail: 'Printers and channels may belong to one; the id is what events, printers and channels name it by.',
    body: organizationCreateSchema,
    answer: { status: 201, schema: organization },
    refusals: { 409: 'an organization of that id exists' },
  })
  create({ caller, body, newId }: Call<OrganizationCreate>) {
    return ask(this.bus, 'rules.organization.create', { account: caller.account, request: newId(), organization: body });
  }

  @Route({
    method: 'GET',
    path: '/v1/organizations/{id}',
    params: { id: chosenId },
    access: 'read',
    summary: 'One organization',
    answer: { status: 200, schema: organization },
  })
  get({ caller, params }: Call) {
    return ask(this.bus, 'rules.organization.get', { account: caller.account, id: params.id! });
  }

  @Route({
    method: 'PATCH',
    path: '/v1/organizations/{id}',
    params: { id: chosenId },
    access: 'manage',
    summary: 'Rename an organization',
    body: organizationPatchSchema,
    answer: { status: 200, schema: organization },
  })
  patch({ caller, params, body }: Call<OrganizationPatch>) {
    return ask(this.bus, 'rules.organization.patch', { account: caller.account, id: params.id!, patch: body });
  }

  @Route({
    method: 'DELETE',
    path: '/v1/organizations/{id}',
    params: { id: chosenId },
    access: 'manage',
    summary: 'Delete an organization that nothing belongs to any more',
    answer: { status: 204 },
    refusals: { 409: 'printers or channels belong to it: the answer says which' },
  })
  async delete({ caller, params }: Call): Promise<void> {
    await ask(this.bus, 'rules.organization.delete', { account: caller.account, id: params.id! });
  }
}
