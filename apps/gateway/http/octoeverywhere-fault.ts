import { type Fault, Problem } from '#contracts';
import type { Reply } from './http.js';

/** Whether a path is of OctoEverywhere's app API, whose clients know faults in its form. */
export const isOctoEverywhere = (path: string): boolean => path.startsWith('/api/appconnection/');

/**
 * A fault as OctoEverywhere's APIs tell one: https://docs.octoeverywhere.com/error-codes/, and the strings of
 * https://docs.octoeverywhere.com/ai-failure-detection-apis/developer-docs/overview/. Whatever is wrong with the request is a 400.
 */
export function refuse(reply: Reply, problem: Problem): void {
  const { status, title, detail, errors } = problem;
  const own = title.startsWith('OE_');
  const type = own ? title : (typeOf[status] ?? (status < 500 ? 'OE_BAD_ARGS' : 'OE_INTERNAL_ERROR'));
  reply.header('content-type', 'application/json; charset=utf-8');
  // Fastify's own setter knows no status beyond 599
  reply.raw.statusCode = own || status === 404 || status === 429 || status >= 500 ? status : 400;
  reply.send(
    JSON.stringify({ ErrorType: type, ErrorDetails: errors ? sentenceOf(errors) : (detailOf[status] ?? (detail || title)) }),
  );
}

const typeOf: Record<number, string> = {
  400: 'OE_ARGS_PARSE_FAILED',
  404: 'OE_NOT_FOUND',
  413: 'OE_ARGS_PARSE_FAILED',
  415: 'OE_ARGS_PARSE_FAILED',
  429: 'OE_RATE_LIMITED',
};

/** Where the API's own words are of other bodies. */
const detailOf: Record<number, string> = {
  413: 'The body is too large: send WebhookUrl and InclusiveEventTypesFilter alone',
};

const sentenceOf = (errors: Fault[]): string =>
  errors.map(({ path, message }) => (path ? `${path} ${message}` : `The body ${message}`)).join('; ');
