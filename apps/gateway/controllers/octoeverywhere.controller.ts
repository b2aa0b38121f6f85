import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { ask, Bus } from '#bus';
import {
  type AppCaller,
  appRefusals,
  checked,
  deleteWebhookSchema,
  invalid,
  Problem,
  setWebhookSchema,
  webhookOf,
} from '#contracts';
import { AppTokens } from '../access/app-tokens.js';
import { readJson } from '../http/body.js';
import type { Reply } from '../http/http.js';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';
import { octoEverywhereFault } from '../routes/shapes.js';
import { Channels } from './channels.js';

/** Enough for checking a URL and writing a channel twice. */
const setMs = 25_000;

const success = z.strictObject({ Success: z.literal(true) });
const tested = z.strictObject({
  StatusCode: z.int().describe("the HTTP status that the webhook's receiver answered; 0 without an answer"),
});
/** Whatever else an app sends is passed over. */
const anything = z.looseObject({});
const refused = {
  description:
    'HTTP 606 the AppToken is missing or not known, 605 the account has the plan hobby, 604 the app connection expired, 603 no webhook is set, 400 bad input, 429 too many bad tokens, 503 a part of Farmbell is away: as OctoEverywhere tells faults',
  schema: octoEverywhereFault,
};
const inHeader = { AppToken: 'the app_token of POST /v1/app-connections' };
const inEither = { AppToken: 'the app_token of POST /v1/app-connections; in the body as well' };

/** OctoEverywhere's app API: https://docs.octoeverywhere.com/app-connections/apis/notification-webhook/ */
@Controller()
export class OctoEverywhereController {
  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(AppTokens) private readonly tokens: AppTokens,
    @Inject(Channels) private readonly channels: Channels,
  ) {}

  @Route({
    method: 'POST',
    path: '/api/appconnection/SetNotificationWebhook',
    access: 'none',
    summary: "Set an app's webhook, for 180 days from this call",
    detail: 'Takes the place of what an earlier call set, at once, and enables the channel; also after the connection expired.',
    headers: inEither,
    bodies: { 'application/json': setWebhookSchema },
    query: anything,
    answer: { status: 200, schema: success },
    refused,
  })
  async set(call: Call<undefined, object>) {
    const { caller, body } = await this.admitted(call);
    return this.tokens.commercially(caller, async () => {
      const parsed = checked(setWebhookSchema, body);
      if ('errors' in parsed) throw invalid(parsed.errors);
      const { account, id } = caller;
      await ask(this.bus, 'rules.app.set', { account, id, webhook: webhookOf(parsed.data) }, setMs);
      return { Success: true };
    });
  }

  @Route({
    method: 'POST',
    path: '/api/appconnection/DeleteNotificationWebhook',
    access: 'none',
    summary: "Remove an app's webhook",
    headers: inEither,
    bodies: { 'application/json': deleteWebhookSchema },
    query: anything,
    answer: { status: 200, schema: success },
    refused,
  })
  async unset(call: Call<undefined, object>) {
    const { caller } = await this.admitted(call);
    const { account, id } = caller;
    return this.tokens.commercially(caller, async () => {
      await ask(this.bus, 'rules.app.unset', { account, id });
      return { Success: true };
    });
  }

  @Route({
    method: 'GET',
    path: '/api/appconnection/TestWebhook',
    access: 'none',
    summary: "Send channel.test to an app's webhook, whatever its filter",
    headers: inHeader,
    query: anything,
    answer: { status: 200, schema: tested },
    refused,
  })
  async test({ headers, ip }: Call<undefined, object>, reply: Reply) {
    const caller = await this.verified(ip, sentIn(headers.apptoken));
    reply.header('cache-control', 'no-store');
    return this.tokens.commercially(caller, async () => ({ StatusCode: (await this.statusOf(caller)) ?? 0 }));
  }

  private async statusOf({ account, channel_id, expired }: AppCaller): Promise<number | null> {
    if (channel_id === null) throw appRefusals.noWebhook();
    if (expired) throw appRefusals.expired();
    const { status } = await this.channels.test(account, channel_id).catch((error) => {
      // deleted meanwhile
      throw error instanceof Problem && error.status === 404 ? appRefusals.noWebhook() : error;
    });
    return status;
  }

  /** The token of the header goes first, and then nothing is read for who has no good one. */
  private async admitted({ headers, ip, bytes }: Call<undefined, object>): Promise<{ caller: AppCaller; body: unknown }> {
    const token = sentIn(headers.apptoken);
    const known = token === undefined ? undefined : await this.verified(ip, token);
    const body = bytes.length === 0 ? {} : readJson(headers, bytes);
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw new Problem(400, 'Bad request', 'The body is no JSON object: send {"WebhookUrl": "https://…"}');
    return { caller: known ?? (await this.verified(ip, sentIn((body as { AppToken?: unknown }).AppToken))), body };
  }

  private async verified(ip: string, token: string | undefined): Promise<AppCaller> {
    if (token === undefined) throw appRefusals.noToken();
    return this.tokens.verify(ip, token);
  }
}

const sentIn = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
