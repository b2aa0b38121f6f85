import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { v5, v7 } from 'uuid';
import { z } from 'zod';
import { type Caller, checked, invalid, notFound, Problem, tooManyGuesses } from '#contracts';
import { Guesses } from '#runtime';
import { bearer, Callers } from '../access/callers.js';
import { readJson } from '../http/body.js';
import type { Reply } from '../http/http.js';
import { type Admitted, CALL, type Call, ROUTE, type RouteSpec } from './call.js';

const idPattern = /^[A-Za-z0-9._:-]{1,64}$/;
const keyPattern = /^[\x21-\x7e]{1,200}$/;
const idSpace = '6f0c2a52-6c0e-4a7e-9c1d-5b8f1f0e7a11';
const nobody: Caller = { account: '', scopes: [], admin: false };
const nothing = z.strictObject({});

/** Lets a request in, or says why not: token, scope, path, query, then body. */
@Injectable()
export class Admission implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(Callers) private readonly callers: Callers,
    @Inject(Guesses) private readonly guesses: Guesses,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const route = this.reflector.get<RouteSpec>(ROUTE, context.getHandler());
    const request = context.switchToHttp().getRequest<Admitted>();
    const who = route.access === 'none' ? { caller: nobody, token: '', everyAccount: false } : await this.caller(request, route);
    // what an account's token shows is for no cache
    if (route.access !== 'none') context.switchToHttp().getResponse<Reply>().header('cache-control', 'no-store');
    const path = request.url.split('?')[0]!;
    // answers are kept for an account's callers
    const key = route.method === 'POST' && route.access !== 'none' ? keyOf(request) : undefined;
    const bytes = request.body ?? Buffer.alloc(0);
    const call: Call<unknown, unknown> = {
      ...who,
      route,
      path,
      ip: request.ip,
      key,
      bytes,
      params: paramsOf(route, request),
      query: queryOf(route, request),
      body: bodyOf(route, request, bytes),
      headers: request.headers,
      newId: (n = 0) => (key === undefined ? v7() : v5(JSON.stringify([who.caller.account, path, key, n]), idSpace)),
    };
    request[CALL] = call as Call;
    return true;
  }

  private async caller({ headers, ip }: Admitted, route: RouteSpec) {
    const token = bearer(headers.authorization);
    const named = headers['farmbell-account'];
    const account = named === undefined ? undefined : String(named);
    const caller = await this.guesses.check({
      ip,
      what: token,
      good: this.callers.seemsGood(token),
      verify: () => this.callers.verify(token, account),
      isBad: (error) => error instanceof Problem && error.status === 401,
      refusal: tooManyGuesses,
    });
    checkAccess(route, caller);
    return { caller, token, everyAccount: caller.admin && account === undefined };
  }
}

function checkAccess({ access, method, path }: RouteSpec, caller: Caller): void {
  if (caller.admin || caller.scopes.includes(access)) return;
  const needed =
    access === 'admin'
      ? "needs the installation's admin token"
      : `needs a token with the scope '${access}'; this one has ${caller.scopes.map((s) => `'${s}'`).join(', ') || 'none'}`;
  throw new Problem(403, 'Forbidden', `${method} ${path} ${needed}`);
}

/** Every id of ours fits the pattern, and what users choose the route's own: what does not is nobody's. */
function paramsOf(route: RouteSpec, { params }: Admitted): Record<string, string> {
  for (const [name, value] of Object.entries(params)) {
    const schema = route.params?.[name];
    const fits = schema ? 'data' in checked(schema, value) : idPattern.test(value);
    if (!fits) throw notFound(name, value.isWellFormed() ? value : '');
  }
  return params;
}

function queryOf(route: RouteSpec, { query }: Admitted): unknown {
  return fitting(route.query ?? nothing, { ...query });
}

function bodyOf(route: RouteSpec, { headers }: Admitted, bytes: Buffer): unknown {
  if (route.bodies || route.method === 'GET' || route.method === 'DELETE') return undefined;
  if (route.body) {
    if (bytes.length === 0) throw new Problem(400, 'Bad request', 'The body is empty: send a JSON object');
    return fitting(route.body, readJson(headers, bytes));
  }
  if (bytes.length > 0) fitting(nothing, readJson(headers, bytes));
  return undefined;
}

function fitting(schema: z.ZodType, value: unknown): unknown {
  const parsed = checked(schema, value);
  if ('errors' in parsed) throw invalid(parsed.errors);
  return parsed.data;
}

function keyOf({ headers }: Admitted): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (keyPattern.test(String(key))) return String(key);
  throw invalid([{ path: 'Idempotency-Key', message: 'must be 1 to 200 printable ASCII characters without spaces' }]);
}
