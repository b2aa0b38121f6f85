import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { ask, Bus } from '#bus';
import { outcomes } from '#contracts';
import { cursor, eventType, limit, moment, pageOf, pageQuery } from '../http/page.js';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';
import { delivery, rejected } from '../routes/shapes.js';

const deliveryQuery = z.strictObject({
  limit,
  cursor,
  outcome: z.enum([...outcomes, 'waiting']).optional(),
  type: eventType,
  since: moment,
  until: moment,
});
type DeliveryQuery = z.output<typeof deliveryQuery>;

@Controller()
export class DeliveriesController {
  constructor(@Inject(Bus) private readonly bus: Bus) {}

  @Route({
    method: 'GET',
    path: '/v1/deliveries',
    access: 'read',
    summary: "The account's deliveries",
    query: deliveryQuery,
    answer: { status: 200, schema: pageOf(delivery) },
  })
  list({ caller, query }: Call<undefined, DeliveryQuery>) {
    return ask(this.bus, 'journal.delivery.list', { account: caller.account, ...query });
  }

  @Route({
    method: 'GET',
    path: '/v1/channels/{id}/deliveries',
    access: 'read',
    summary: 'The deliveries of one channel',
    query: deliveryQuery,
    answer: { status: 200, schema: pageOf(delivery) },
  })
  async listOfChannel({ caller, params, query }: Call<undefined, DeliveryQuery>) {
    const { account } = caller;
    const channel = (await ask(this.bus, 'rules.channel.get', { account, id: params.id! })).id;
    return ask(this.bus, 'journal.delivery.list', { account, channel, ...query });
  }

  @Route({
    method: 'GET',
    path: '/v1/deliveries/{id}',
    access: 'read',
    summary: 'One delivery with its attempts',
    answer: { status: 200, schema: delivery },
  })
  get({ caller, params }: Call) {
    return ask(this.bus, 'journal.delivery.get', { account: caller.account, id: params.id! });
  }

  @Route({
    method: 'GET',
    path: '/v1/rejected',
    access: 'read',
    summary: 'What came over NATS and was refused',
    detail: "The admin token without Farmbell-Account sees every account's, and what named no account.",
    query: pageQuery,
    answer: { status: 200, schema: pageOf(rejected) },
  })
  async rejected({ caller, everyAccount, query }: Call<undefined, z.output<typeof pageQuery>>) {
    const { data, next_cursor } = await ask(this.bus, 'journal.rejected.list', {
      account: everyAccount ? null : caller.account,
      ...query,
    });
    return { data: data.map(({ at, subject, errors, body }) => ({ at, subject, errors, body })), next_cursor };
  }
}
