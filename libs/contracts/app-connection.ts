import { z } from 'zod';
import { catalogue } from './catalogue.js';
import { text } from './envelope.js';
import { Problem } from './problem.js';

/** POST /v1/app-connections. */
export const appConnectionCreateSchema = z.strictObject({
  name: text(300).min(1, 'must not be empty'),
  printer_id: text(300)
    .min(1, 'must not be empty')
    .describe("the printer whose events the app hears: the id in its events' `printer.id`"),
});
export type AppConnectionCreate = z.infer<typeof appConnectionCreateSchema>;

/** An app connection as the API shows it. */
export interface AppConnectionView {
  id: string;
  name: string;
  printer_id: string;
  /** Null while no webhook is set. */
  channel_id: string | null;
  /** When its webhook ends, unless the app sets it again; null while none is set. */
  expires_at: string | null;
  created_at: string;
}

/** Whom an AppToken stands for, and how far its webhook is. */
export interface AppCaller {
  account: string;
  id: string;
  /** Null while no webhook is set. */
  channel_id: string | null;
  expired: boolean;
}

/** What SetNotificationWebhook sets. */
export interface AppWebhook {
  url: string;
  /** Event types of the catalogue, never none. */
  events: string[];
}

const filter = z
  .array(
    z
      .int('must be a whole number')
      .min(1, 'must be a number from 1 to 16')
      .max(16, 'must be a number from 1 to 16: see https://docs.octoeverywhere.com/webhook-notifications/event-types/'),
  )
  .max(1000, 'has more than 1000 numbers')
  .nullish();
const url = text(2000).nullish();
const token = z.string().max(500).nullish();

/** The body of SetNotificationWebhook: https://docs.octoeverywhere.com/app-connections/apis/notification-webhook/. Other keys are passed over. */
export const setWebhookSchema = z
  .object({
    AppToken: token.describe('unless it is sent as a header, which goes first'),
    WebhookUrl: url.describe('the https URL to call, query included'),
    InclusiveEventTypesFilter: filter.describe("OctoEverywhere's event numbers, 1-16; all when empty or left out"),
    CallbackUrl: url.describe('the older name of WebhookUrl'),
    EventTypes: filter.describe('the older name of InclusiveEventTypesFilter'),
  })
  .refine(({ WebhookUrl, CallbackUrl }) => (WebhookUrl ?? CallbackUrl) !== undefined && (WebhookUrl ?? CallbackUrl) !== null, {
    path: ['WebhookUrl'],
    error: 'is required: the https URL that is to be called, e.g. https://app.example.com/octoeverywhere/webhook?printer=p42',
  });

/** The body of DeleteNotificationWebhook: none is needed beside a header. */
export const deleteWebhookSchema = z.object({ AppToken: token });

export function webhookOf(given: z.output<typeof setWebhookSchema>): AppWebhook {
  return {
    url: (given.WebhookUrl ?? given.CallbackUrl)!,
    events: typesOf(given.InclusiveEventTypesFilter ?? given.EventTypes ?? []),
  };
}

/**
 * The types that a filter of OctoEverywhere's numbers stands for; all that have a number when it is empty, progress included.
 * A channel without a selection would hear of all: a filter of 13 alone, which never fires, becomes that of tests.
 */
export function typesOf(numbers: readonly number[]): string[] {
  const chosen = catalogue.filter(({ vendors: { octoeverywhere: number } }) =>
    numbers.length === 0 ? number !== undefined : number !== undefined && numbers.includes(number),
  );
  return chosen.length > 0 ? chosen.map(({ type }) => type) : ['channel.test'];
}

/** A refusal of this API: the title is its ErrorType. Statuses: https://docs.octoeverywhere.com/error-codes/ */
const refusal = (status: number, type: string, detail: string) => () => new Problem(status, type, detail);
const connect = 'POST /v1/app-connections makes a connection, and shows its app_token once';

export const appRefusals = {
  noToken: refusal(
    606,
    'OE_INVALID_APP_TOKEN',
    `No AppToken was sent: send it as the header AppToken, or in the JSON body of a POST. ${connect}`,
  ),
  badToken: refusal(
    606,
    'OE_INVALID_APP_TOKEN',
    `The AppToken is not known, or its app connection was deleted: check it, or connect anew. ${connect}`,
  ),
  hobby: refusal(
    605,
    'OE_ACCOUNT_NOT_COMMERCIAL',
    "App connections need the plan commercial, and the printer's account has hobby: once its operator changes the plan, this app connection works as it is",
  ),
  expired: refusal(
    604,
    'OE_APP_CONNECTION_EXPIRED',
    'The app connection expired, 180 days after its last SetNotificationWebhook: call SetNotificationWebhook again',
  ),
  noWebhook: refusal(603, 'OE_NO_WEBHOOK_SET', 'The app connection has no webhook: call SetNotificationWebhook first'),
};
