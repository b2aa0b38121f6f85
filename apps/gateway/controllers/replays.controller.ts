import { Controller, Inject } from '@nestjs/common';
import { ask, Bus } from '#bus';
import { type ReplayCreate, replayCreateSchema } from '#contracts';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';
import { replay } from '../routes/shapes.js';

/** Deliveries sent anew: one, or what a channel had in some time. */
@Controller()
export class ReplaysController {
  constructor(@Inject(Bus) private readonly bus: Bus) {}

  @Route({
    method: 'POST',
    path: '/v1/channels/{id}/replay',
    access: 'manage',
    summary: "Send a channel's deliveries of some time anew, of chosen types and outcomes",
    detail:
      'Each becomes a new delivery, linked by `replay_of`. They go out a few at a time, in their order, behind nothing and before nothing of other channels.',
    body: replayCreateSchema,
    answer: { status: 201, schema: replay },
    refusals: { 409: 'the channel is disabled' },
  })
  async ofChannel({ caller: { account }, params, body, newId }: Call<ReplayCreate>) {
    const { id: channel } = await ask(this.bus, 'rules.channel.get', { account, id: params.id! });
    return ask(this.bus, 'journal.replay.create', { account, id: newId(), channel, ...body });
  }

  @Route({
    method: 'POST',
    path: '/v1/deliveries/{id}/replay',
    access: 'manage',
    summary: 'Send one delivery anew',
    answer: { status: 201, schema: replay },
    refusals: { 409: 'it has not ended, its event is no longer kept, or its channel is disabled' },
  })
  async ofDelivery({ caller: { account }, params, newId }: Call) {
    const { id: delivery, channel_id: channel } = await ask(this.bus, 'journal.delivery.get', { account, id: params.id! });
    return ask(this.bus, 'journal.replay.create', { account, id: newId(), channel, delivery });
  }

  @Route({
    method: 'GET',
    path: '/v1/replays/{id}',
    access: 'read',
    summary: 'How far a replay is',
    answer: { status: 200, schema: replay },
  })
  get({ caller: { account }, params }: Call) {
    return ask(this.bus, 'journal.replay.get', { account, id: params.id! });
  }

  @Route({
    method: 'DELETE',
    path: '/v1/replays/{id}',
    access: 'manage',
    summary: 'Stop a replay; what was sent out is not taken back',
    answer: { status: 204 },
  })
  async stop({ caller: { account }, params }: Call) {
    await ask(this.bus, 'journal.replay.stop', { account, id: params.id! });
  }
}
