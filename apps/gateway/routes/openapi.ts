import { z } from 'zod';
import {
  appConnectionCreateSchema,
  channelCreateSchema,
  channelPatchSchema,
  envelopeSchema,
  organizationCreateSchema,
  organizationPatchSchema,
  printerCreateSchema,
  printerPatchSchema,
  quietHoursSchema,
} from '#contracts';
import type { Access, RouteSpec } from './call.js';
import * as shapes from './shapes.js';

type Json = Record<string, unknown>;

/** Shapes that the document names once and refers to. */
const named = new Map<z.ZodType, string>([
  [shapes.problem, 'Problem'],
  [envelopeSchema, 'EventGiven'],
  [shapes.event, 'Event'],
  [shapes.cloudEvent, 'CloudEvent'],
  [shapes.eventType, 'EventType'],
  [shapes.channelType, 'ChannelType'],
  [channelCreateSchema, 'ChannelCreate'],
  [channelPatchSchema, 'ChannelPatch'],
  [shapes.channel, 'Channel'],
  [organizationCreateSchema, 'OrganizationCreate'],
  [organizationPatchSchema, 'OrganizationPatch'],
  [shapes.organization, 'Organization'],
  [printerCreateSchema, 'PrinterCreate'],
  [printerPatchSchema, 'PrinterPatch'],
  [shapes.printer, 'Printer'],
  [quietHoursSchema, 'QuietHoursGiven'],
  [shapes.quietHours, 'QuietHours'],
  [appConnectionCreateSchema, 'AppConnectionCreate'],
  [shapes.appConnection, 'AppConnection'],
  [shapes.octoEverywhereFault, 'OctoEverywhereFault'],
  [shapes.delivery, 'Delivery'],
  [shapes.rejected, 'Rejected'],
  [shapes.token, 'Token'],
  [shapes.account, 'Account'],
]);

const meanings: Record<number, string> = {
  200: 'done',
  201: 'made',
  202: 'stored',
  204: 'done; no body',
  400: 'the body is not JSON',
  401: 'no token, or none that is known',
  403: 'the token lacks the scope, or is of another account',
  404: 'there is no such thing in this account',
  409: 'a request with this Idempotency-Key is still under way',
  413: 'the body is too large',
  415: 'the content type is not taken here',
  422: 'faults, each with its path',
  429: 'too many; see Retry-After',
  503: 'a part of Farmbell is away; see Retry-After',
};

/** The OpenAPI 3.1 document of a table of routes. */
export function openApi(routes: readonly RouteSpec[], server: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Farmbell',
      version: '1',
      description: 'The notification hub of a 3D-print farm: events in, and out to the channels that asked for them.',
    },
    servers: [{ url: server }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A token of an account, or the admin token.' } },
      schemas: Object.fromEntries([...named].map(([schema, name]) => [name, jsonSchema(schema, schema)])),
    },
  };
}

function operation(route: RouteSpec): Json {
  const bodies = route.bodies ?? (route.body && { 'application/json': route.body });
  return {
    summary: route.summary,
    description: [route.detail, whoMay(route.access)].filter(Boolean).join('\n\n'),
    tags: [route.path.split('/')[route.path.startsWith('/v1/') ? 2 : 1]],
    security: route.access === 'none' ? [] : [{ token: [] }],
    'x-access': route.access,
    parameters: parameters(route),
    ...(bodies && { requestBody: { required: true, content: contents(bodies) } }),
    responses: responses(route),
  };
}

const whoMay = (access: Access) =>
  access === 'none' ? 'Needs no token.' : access === 'admin' ? 'Needs the admin token.' : `Needs the scope \`${access}\`.`;

const contents = (bodies: Record<string, z.ZodType>): Json =>
  Object.fromEntries(Object.entries(bodies).map(([type, schema]) => [type, { schema: jsonSchema(schema) }]));

function parameters(route: RouteSpec): Json[] {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: route.params?.[name!] ? jsonSchema(route.params[name!]!) : { type: 'string' },
  }));
  const query = route.query ? (jsonSchema(route.query).properties as Record<string, Json>) : {};
  const inQuery = Object.entries(query).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
  const inHeaders = Object.entries(route.headers ?? {}).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
  const account = {
    name: 'Farmbell-Account',
    in: 'header',
    required: false,
    description: 'with the admin token: the account to act on',
    schema: { type: 'string', default: 'default' },
  };
  const key = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'a repeat with the same key within 24 hours gets the first answer',
    schema: { type: 'string', maxLength: 200 },
  };
  return [
    ...inPath,
    ...inQuery,
    ...inHeaders,
    ...(route.access === 'none' || route.access === 'admin' ? [] : [account]),
    ...(route.method === 'POST' && route.access !== 'none' ? [key] : []),
  ];
}

function responses(route: RouteSpec): Json {
  const { status, schema, types = ['application/json'] } = route.answer;
  const content =
    status === 204 ? undefined : Object.fromEntries(types.map((type) => [type, schema ? { schema: jsonSchema(schema) } : {}]));
  const done = { [status]: { description: meanings[status], ...(content && { content }) } };
  if (route.refused) {
    const { description, schema } = route.refused;
    return { ...done, default: { description, content: { 'application/json': { schema: jsonSchema(schema) } } } };
  }
  const refused = { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } };
  const refusals = [...refusalsOf(route)].sort((a, b) => a - b);
  return {
    ...done,
    ...Object.fromEntries(refusals.map((code) => [code, { description: route.refusals?.[code] ?? meanings[code], ...refused }])),
  };
}

function refusalsOf(route: RouteSpec): Set<number> {
  const takesBody = Boolean(route.body ?? route.bodies);
  return new Set([
    ...Object.keys(route.refusals ?? {}).map(Number),
    ...(route.access === 'none' ? [] : [401, 403, 429, 503]),
    ...(route.access === 'none' || route.access === 'admin' ? [] : [404]),
    ...(route.path.includes('{') ? [404] : []),
    ...(route.method === 'POST' ? [409] : []),
    ...(takesBody ? [400, 413, 415] : []),
    ...(takesBody || route.query || route.method === 'POST' ? [422] : []),
  ]);
}

/** A zod schema as JSON Schema; the shapes that have a name, but `whole`, as references. */
function jsonSchema(schema: z.ZodType, whole?: z.ZodType): Json {
  const name = schema === whole ? undefined : named.get(schema);
  if (name) return { $ref: `#/components/schemas/${name}` };
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema: made }) => {
      // what has a default may be left out
      const { properties = {} } = made;
      made.required = made.required?.filter((key) => (properties[key] as Json).default === undefined);
      if (!made.required?.length) delete made.required;
      const inner = (zodSchema as unknown) === schema ? undefined : named.get(zodSchema as unknown as z.ZodType);
      if (!inner) return;
      for (const key of Object.keys(made)) delete made[key as keyof typeof made];
      made.$ref = `#/components/schemas/${inner}`;
    },
  }) as Json;
  return rest;
}
