import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { ask, Bus } from '#bus';
import { type DeliveryView, text } from '#contracts';
import { CONFIG, publicUrl, type Settings } from '#runtime';
import { cursor, eventType, limit, moment, pageOf } from '../http/page.js';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';
import { cloudEvent, event, events, published, why as whyAnswer } from '../routes/shapes.js';
import { eventView } from './event-view.js';
import { Publishing } from './publishing.js';
import { type Why, whyOf } from './why.js';

const eventQuery = z.strictObject({
  limit,
  cursor,
  type: eventType,
  printer: text(300).optional(),
  organization: text(300).optional(),
  since: moment,
  until: moment,
});

@Controller()
export class EventsController {
  constructor(
    @Inject(Publishing) private readonly publishing: Publishing,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Settings,
  ) {}

  @Route({
    method: 'POST',
    path: '/v1/events',
    access: 'publish',
    summary: 'Publish one event, or an array of at most 1,000',
    detail:
      'Accepted means stored. Of an array each row stands alone and is answered in order; a single bad event is a 422. A CloudEvent may also come in binary mode: ce- headers around the data. At most 8 MiB.',
    headers: { traceparent: 'W3C trace context: the trace that the events are part of; one begins where it is left out' },
    bodies: { 'application/json': events, 'application/cloudevents+json': cloudEvent },
    answer: { status: 202, schema: published },
    refusals: { 503: 'the message broker is away; a repeat with the same id is safe' },
  })
  publish(call: Call) {
    return this.publishing.publish(call);
  }

  @Route({
    method: 'GET',
    path: '/v1/events',
    access: 'read',
    summary: "The account's events",
    query: eventQuery,
    answer: { status: 200, schema: pageOf(event) },
  })
  async list({ caller, query }: Call<undefined, z.output<typeof eventQuery>>) {
    const { data, next_cursor } = await ask(this.bus, 'journal.event.list', { account: caller.account, ...query });
    return { data: data.map((one) => eventView(one, publicUrl(this.config))), next_cursor };
  }

  @Route({
    method: 'GET',
    path: '/v1/events/{id}',
    access: 'read',
    summary: 'One event',
    answer: { status: 200, schema: event },
  })
  async get({ caller, params }: Call) {
    const found = await ask(this.bus, 'journal.event.get', { account: caller.account, id: params.id! });
    return eventView(found, publicUrl(this.config));
  }

  @Route({
    method: 'GET',
    path: '/v1/events/{id}/why',
    access: 'read',
    summary: 'What became of an event at every channel of the account, and why',
    detail:
      'A channel that had a delivery of it says how that stands; any other, what in its present selection keeps the event away.',
    answer: { status: 200, schema: whyAnswer },
  })
  async why({ caller: { account }, params }: Call) {
    const event = await ask(this.bus, 'journal.event.get', { account, id: params.id! });
    const { type, severity, organization, printer, data } = event;
    const asked = { type, severity, organization, printer, data: data?.channel_id === undefined ? undefined : data };
    const deliveries = new Map<string, DeliveryView>();
    for (let cursor: string | undefined, more = true; more; ) {
      const page = await ask(this.bus, 'journal.delivery.list', {
        account,
        event: event.id,
        limit: 500,
        ...(cursor && { cursor }),
      });
      // the newest first: a replay says more than what it repeats
      for (const one of page.data) if (!deliveries.has(one.channel_id)) deliveries.set(one.channel_id, one);
      cursor = page.next_cursor ?? undefined;
      more = cursor !== undefined;
    }
    const channels: Why[] = [];
    for (let after: string | undefined, more = true; more; ) {
      const page = await ask(this.bus, 'rules.event.match', { account, event: asked, limit: 500, ...(after && { after }) });
      channels.push(...page.channels.map((one) => whyOf(event, one, deliveries.get(one.id), new Date())));
      after = page.channels.at(-1)?.id;
      more = page.more;
    }
    return { event_id: event.id, channels };
  }
}
