import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { ask, Bus } from '#bus';
import { type FarmEvent, text } from '#contracts';
import { CONFIG, publicUrl, type Settings } from '#runtime';
import { cursor, eventType, limit, moment, pageOf } from '../http/page.js';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';
import { cloudEvent, event, events, published } from '../routes/shapes.js';
import { Publishing } from './publishing.js';

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
    return { data: data.map((one) => this.shown(one)), next_cursor };
  }

  @Route({
    method: 'GET',
    path: '/v1/events/{id}',
    access: 'read',
    summary: 'One event',
    answer: { status: 200, schema: event },
  })
  async get({ caller, params }: Call) {
    return this.shown(await ask(this.bus, 'journal.event.get', { account: caller.account, id: params.id! }));
  }

  /** A stored picture is shown by the address that serves it. */
  private shown({ snapshot, ...rest }: FarmEvent) {
    if (!snapshot) return rest;
    return { ...rest, snapshot: { url: 'url' in snapshot ? snapshot.url : `${publicUrl(this.config)}/s/${snapshot.id}` } };
  }
}
