import type { Attempt, Delivery, FarmEvent } from '#contracts';
import { beginHop, type Hop } from '#runtime';
import type { Channel, Links, MessageRef, Part, Picture, Verdict } from './channel.js';
import { type Http, HttpFailure, NotBegun, type Reply } from './http/index.js';
import { clip, redact } from './redact.js';
import { commonVerdict, failureVerdict } from './verdict.js';

const answerCharacters = 1000;

export interface AttemptContext {
  http: Http;
  origin: string;
  links: Links;
  secrets: readonly string[];
  picture?: Picture;
  /** Change this message instead of sending one. */
  edits?: MessageRef;
  /** Where an event is shown to people without a token. */
  pageOf?: (event: FarmEvent) => string;
  /** Why an address may not be reached, e.g. the target of a redirect; undefined where it may. */
  refused?: (url: string) => string | undefined;
  /** The trace that the call is part of. */
  trace?: string;
}

/** What an attempt came to. */
export interface Made {
  attempt: Attempt;
  verdict: Verdict;
  /** Undefined when there was no answer. */
  reply?: Reply;
}

const beginningOf = (body: string, secrets: readonly string[]) =>
  clip(redact(body.slice(0, 4 * answerCharacters).replaceAll('\0', ''), secrets), answerCharacters);

/** One attempt: render, send, judge. What goes wrong here is its result; it throws NotBegun alone, and then it was none. */
export async function attempt(
  channel: Channel,
  delivery: Delivery,
  settings: Record<string, unknown>,
  context: AttemptContext,
): Promise<Made> {
  const began = new Date();
  const without = new Set((delivery.without ?? []) as Part[]);
  const picture = without.has('picture') ? undefined : context.picture;
  const edits = without.has('edit') ? undefined : context.edits;
  const record = (verdict: Verdict, reply?: Reply, latencyMs?: number): Made => ({
    verdict: { ...verdict, meaning: redact(verdict.meaning, context.secrets) },
    attempt: {
      n: delivery.attempt,
      at: began.toISOString(),
      latency_ms: Math.round(reply?.latencyMs ?? latencyMs ?? 0),
      status: reply?.status ?? null,
      reason: verdict.reason,
      answer: reply ? beginningOf(reply.body, context.secrets) : '',
    },
    ...(reply && { reply }),
  });
  let call: Hop | undefined;
  try {
    const page = context.pageOf?.(delivery.event);
    const links = {
      ...context.links,
      ...(page && { page }),
      channel: delivery.channel,
      ...(picture && { picture: picture.name }),
      without,
    };
    const message = channel.render(delivery.event, settings, links);
    call = beginHop(channel.type, `call ${channel.type}`, 'client', context.trace);
    const traceparent = call?.trace ?? context.trace;
    const reply = await channel.send(message, settings, {
      deliveryId: delivery.id,
      now: began,
      http: context.http,
      origin: context.origin,
      ...(traceparent && { traceparent }),
      ...(picture && { picture }),
      ...(edits && { edits }),
    });
    const verdict = redirected(reply, context) ?? channel.verdict?.(reply, settings, { without }) ?? commonVerdict(reply);
    call?.set({ 'http.response.status_code': reply.status });
    call?.end(verdict.reason ?? undefined);
    return record(final(verdict, without, settings), reply);
  } catch (error) {
    if (error instanceof NotBegun) {
      call?.end('taken_over');
      throw error;
    }
    call?.end(error instanceof HttpFailure ? error.reason : 'invalid');
    if (error instanceof HttpFailure) return record(failureVerdict(error.reason, error.message), undefined, error.latencyMs);
    const text = error instanceof Error ? error.message : String(error);
    return record({ outcome: 'drop', reason: 'invalid', meaning: `Farmbell could not make this message: ${text}` });
  }
}

/** What is left out already, or so set already, cannot help once more. */
function final(verdict: Verdict, without: ReadonlySet<Part>, settings: Record<string, unknown>): Verdict {
  if (verdict.outcome !== 'again') return verdict;
  const { without: part, moved = {} } = verdict;
  const helps =
    (part !== undefined && !without.has(part)) || Object.entries(moved).some(([key, value]) => settings[key] !== value);
  return helps ? verdict : { ...verdict, outcome: 'drop', reason: verdict.reason ?? 'invalid' };
}

/** Redirects are not followed; one that leads where deliveries may not go is said to be one. */
function redirected({ status, headers }: Reply, { refused }: AttemptContext): Verdict | undefined {
  const target = status >= 300 && status < 400 ? headers.location : undefined;
  const fault = target && URL.canParse(target) ? refused?.(target) : undefined;
  return fault ? failureVerdict('blocked', `HTTP ${status}: the receiver redirects to an address that ${fault}`) : undefined;
}
