import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { type ChannelCreate, type ChannelPatch, channelCreateSchema, channelPatchSchema } from '#contracts';
import { pageOf, pageQuery } from '../http/page.js';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';
import { channel, tested } from '../routes/shapes.js';
import { Channels } from './channels.js';

const verifyQuery = z.strictObject({
  verify: z
    .enum(['true', 'false'], 'must be true or false')
    .default('false')
    .transform((given) => given === 'true'),
});

@Controller()
export class ChannelsController {
  constructor(@Inject(Channels) private readonly channels: Channels) {}

  @Route({
    method: 'GET',
    path: '/v1/channels',
    access: 'read',
    summary: "The account's channels",
    query: pageQuery,
    answer: { status: 200, schema: pageOf(channel) },
  })
  list({ caller, query }: Call<undefined, z.output<typeof pageQuery>>) {
    return this.channels.list(caller.account, query.limit, query.cursor);
  }

  @Route({
    method: 'POST',
    path: '/v1/channels',
    access: 'manage',
    summary: 'Make a channel; secrets that were generated are shown once',
    detail:
      'Settings by type: GET /v1/channel-types. Webhook channels need the plan commercial. With `verify=true` the provider is asked first whether they work, and nobody sees a message.',
    body: channelCreateSchema,
    query: verifyQuery,
    answer: { status: 201, schema: channel },
    secret: true,
  })
  create({ caller, body, query, newId }: Call<ChannelCreate, z.output<typeof verifyQuery>>) {
    return this.channels.create(caller.account, newId(), body, query.verify);
  }

  @Route({
    method: 'GET',
    path: '/v1/channels/{id}',
    access: 'read',
    summary: 'One channel',
    answer: { status: 200, schema: channel },
  })
  get({ caller, params }: Call) {
    return this.channels.get(caller.account, params.id!);
  }

  @Route({
    method: 'PATCH',
    path: '/v1/channels/{id}',
    access: 'manage',
    summary: 'Change a channel; what is left out stays, a setting that is null is removed',
    body: channelPatchSchema,
    answer: { status: 200, schema: channel },
  })
  patch({ caller, params, body }: Call<ChannelPatch>) {
    return this.channels.patch(caller.account, params.id!, body);
  }

  @Route({
    method: 'DELETE',
    path: '/v1/channels/{id}',
    access: 'manage',
    summary: 'Delete a channel; deliveries that still wait are cancelled',
    answer: { status: 204 },
  })
  delete({ caller, params }: Call) {
    return this.channels.delete(caller.account, params.id!);
  }

  @Route({
    method: 'POST',
    path: '/v1/channels/{id}/test',
    access: 'manage',
    summary: 'Send channel.test at once and say what became of it',
    answer: { status: 200, schema: tested },
    refusals: { 504: 'the outcome was not known within 35 seconds' },
  })
  test({ caller, params }: Call) {
    return this.channels.test(caller.account, params.id!);
  }

  @Route({
    method: 'POST',
    path: '/v1/channels/{id}/enable',
    access: 'manage',
    summary: 'Enable a channel; its failures count from zero',
    answer: { status: 200, schema: channel },
  })
  enable({ caller, params }: Call) {
    return this.channels.enable(caller.account, params.id!);
  }

  @Route({
    method: 'POST',
    path: '/v1/channels/{id}/disable',
    access: 'manage',
    summary: 'Disable a channel; deliveries that still wait are cancelled',
    answer: { status: 200, schema: channel },
  })
  disable({ caller, params }: Call) {
    return this.channels.disable(caller.account, params.id!);
  }

  @Route({
    method: 'POST',
    path: '/v1/channels/{id}/rotate-key',
    access: 'manage',
    summary: "Make a webhook channel's api_key anew; the answer shows it, once",
    answer: { status: 200, schema: channel },
    secret: true,
  })
  rotateKey({ caller, params }: Call) {
    return this.channels.rotateKey(caller.account, params.id!);
  }
}
