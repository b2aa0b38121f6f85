import { Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';
import { Tokens } from '../access/tokens.js';
import { pageOf, pageQuery } from '../http/page.js';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';
import { token, tokenCreate, tokenMade } from '../routes/shapes.js';

@Controller()
export class TokensController {
  constructor(@Inject(Tokens) private readonly tokens: Tokens) {}

  @Route({
    method: 'GET',
    path: '/v1/tokens',
    access: 'read',
    summary: "The account's tokens, never shown themselves",
    query: pageQuery,
    answer: { status: 200, schema: pageOf(token) },
  })
  list({ caller, query }: Call<undefined, z.output<typeof pageQuery>>) {
    return this.tokens.list(caller.account, query.limit, query.cursor);
  }

  @Route({
    method: 'POST',
    path: '/v1/tokens',
    access: 'manage',
    summary: 'Make a token; the answer shows it, once',
    body: tokenCreate,
    answer: { status: 201, schema: tokenMade },
    secret: true,
  })
  create({ caller, body }: Call<z.output<typeof tokenCreate>>) {
    return this.tokens.create(caller.account, body);
  }

  @Route({
    method: 'DELETE',
    path: '/v1/tokens/{id}',
    access: 'manage',
    summary: 'Revoke a token, at once',
    answer: { status: 204 },
  })
  revoke({ caller, params }: Call) {
    return this.tokens.revoke(caller.account, params.id!);
  }
}
