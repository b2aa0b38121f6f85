import type { z } from 'zod';
import type { Caller } from '#contracts';
import type { TokenScope } from '../access/rows.js';
import type { Headers } from '../http/body.js';
import type { Request } from '../http/http.js';

/**
 * Who may call a route. A scope means just itself: `publish` for POST /v1/events, `read` for every GET, `manage` for
 * every other write; `admin`: the admin token alone; `none`: anybody.
 */
export type Access = TokenScope | 'admin' | 'none';

/** A route, said once: what is served, checked and documented comes from here. */
export interface RouteSpec<B extends z.ZodType = z.ZodType, Q extends z.ZodType = z.ZodType> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With parameters in braces: `/v1/channels/{id}`. */
  path: string;
  access: Access;
  /** What a parameter of the path may be, where it is no id of ours. */
  params?: Record<string, z.ZodType>;
  summary: string;
  /** More than the summary says, for the documentation. */
  detail?: string;
  /** The JSON body; left out: there is none. */
  body?: B;
  query?: Q;
  /** Headers of its own that a request may carry, and what they mean. */
  headers?: Record<string, string>;
  /** For a route that reads its body itself: what it takes, by content type. */
  bodies?: Record<string, z.ZodType>;
  answer: { status: 200 | 201 | 202 | 204; schema?: z.ZodType; types?: string[] };
  /** Refusals of this route, beside those that its access and body bring: status and what it means. */
  refusals?: Record<number, string>;
  /** Refusals in a form of its own, with statuses that OpenAPI has no place for: the document tells them in one. */
  refused?: { description: string; schema: z.ZodType };
  /** The answer shows a secret once: kept for a repeat, it is sealed. */
  secret?: true;
}

/** A request that was let in: who calls, and what is checked. */
export interface Call<B = undefined, Q = Record<string, never>> {
  route: RouteSpec;
  caller: Caller;
  /** The admin token without Farmbell-Account: a list may show every account's. */
  everyAccount: boolean;
  token: string;
  params: Record<string, string>;
  query: Q;
  body: B;
  headers: Headers;
  /** The body as it came. */
  bytes: Buffer;
  /** The path, without the query. */
  path: string;
  /** The address that calls. */
  ip: string;
  key: string | undefined;
  /** An id for the nth thing that this request makes: the same again for the same Idempotency-Key. */
  newId(n?: number): string;
}

export const ROUTE = 'farmbell:route';
export const CALL = Symbol('call');
export type Admitted = Request & { [CALL]?: Call };
