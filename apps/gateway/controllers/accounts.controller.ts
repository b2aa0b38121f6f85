import { Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';
import { Accounts } from '../access/accounts.js';
import { pageOf, pageQuery } from '../http/page.js';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';
import { account, accountCreate, accountPatch } from '../routes/shapes.js';

@Controller()
export class AccountsController {
  constructor(@Inject(Accounts) private readonly accounts: Accounts) {}

  @Route({
    method: 'GET',
    path: '/v1/accounts',
    access: 'admin',
    summary: 'Every account of the installation',
    query: pageQuery,
    answer: { status: 200, schema: pageOf(account) },
  })
  list({ query }: Call<undefined, z.output<typeof pageQuery>>) {
    return this.accounts.list(query.limit, query.cursor);
  }

  @Route({
    method: 'POST',
    path: '/v1/accounts',
    access: 'admin',
    summary: 'Make an account',
    body: accountCreate,
    answer: { status: 201, schema: account },
    refusals: { 409: 'an account of that id exists' },
  })
  create({ body }: Call<z.output<typeof accountCreate>>) {
    return this.accounts.create(body);
  }

  @Route({
    method: 'GET',
    path: '/v1/accounts/{id}',
    access: 'admin',
    summary: 'One account',
    answer: { status: 200, schema: account },
  })
  get({ params }: Call) {
    return this.accounts.get(params.id!);
  }

  @Route({
    method: 'PATCH',
    path: '/v1/accounts/{id}',
    access: 'admin',
    summary: "Change an account's name or plan",
    detail:
      'With `hobby` its webhook channels are disabled at once, and what still waits for them is cancelled; with `commercial` those are enabled again that the plan had disabled, and no others.',
    body: accountPatch,
    answer: { status: 200, schema: account },
  })
  patch({ params, body }: Call<z.output<typeof accountPatch>>) {
    return this.accounts.patch(params.id!, body);
  }

  @Route({
    method: 'DELETE',
    path: '/v1/accounts/{id}',
    access: 'admin',
    summary: 'Delete an account that has no channels, with all else that it has',
    detail:
      'Its tokens, printers, organizations, quiet hours and app connections go at once. Its events and deliveries are shown to nobody any more, not even in an account that is made under its id again, and are deleted within minutes.',
    answer: { status: 204 },
    refusals: { 409: 'the account still has channels, or is default' },
  })
  delete({ params }: Call) {
    return this.accounts.delete(params.id!);
  }
}
