import { Inject, Injectable } from '@nestjs/common';
import { ask, Bus } from '#bus';
import { type ChannelCreate, type ChannelPatch, type ChannelType, type ChannelView, Problem, type Report } from '#contracts';
import { Accounts } from '../access/accounts.js';
import { cursorOf, placeOf } from '../http/page.js';
import { channelOf } from './channel-view.js';

const healthWaitMs = 2000;
/** With the provider's own answer, where it is to verify. */
const createMs = 25_000;
/** One attempt takes at most 30 s by a webhook's own time-out, and then some for the way. */
const testWaitMs = 35_000;

type Changed = { channel: ChannelView; generated: Record<string, string> };

/** Channels as users know them: rules owns them, health knows how they fare. */
@Injectable()
export class Channels {
  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Accounts) private readonly accounts: Accounts,
  ) {}

  async list(account: string, limit: number, cursor: string | undefined) {
    const after = placeOf(cursor);
    const { channels, more } = await ask(this.bus, 'rules.channel.list', { account, after, limit });
    const health = await this.health(account, channels);
    const last = channels.at(-1);
    return {
      data: channels.map((view) => channelOf(view, health[view.id])),
      next_cursor: more && last ? cursorOf({ at: last.created_at, id: last.id }) : null,
    };
  }

  async get(account: string, id: string) {
    return this.show(account, await ask(this.bus, 'rules.channel.get', { account, id }));
  }

  async create(account: string, id: string, channel: ChannelCreate, verify = false) {
    const make = () => ask(this.bus, 'rules.channel.create', { account, id, channel, verify }, createMs);
    return this.showChanged(account, await this.asPlanned(account, channel.type, make));
  }

  async patch(account: string, id: string, patch: ChannelPatch) {
    return this.showChanged(account, await ask(this.bus, 'rules.channel.patch', { account, id, patch }));
  }

  async delete(account: string, id: string): Promise<void> {
    await ask(this.bus, 'rules.channel.delete', { account, id });
  }

  async enable(account: string, id: string) {
    const { type } = await ask(this.bus, 'rules.channel.get', { account, id });
    const enable = () => ask(this.bus, 'rules.channel.enable', { account, id });
    return this.show(account, await this.asPlanned(account, type, enable));
  }

  async disable(account: string, id: string) {
    return this.show(account, await ask(this.bus, 'rules.channel.disable', { account, id }));
  }

  async rotateKey(account: string, id: string) {
    return this.showChanged(account, await ask(this.bus, 'rules.channel.rotate-key', { account, id }));
  }

  /** Sends a test through the real path and waits for its report. */
  async test(account: string, id: string, waitMs = testWaitMs) {
    const reply = this.bus.inbox();
    const inbox = this.bus.nc.subscribe(reply, { max: 1 });
    const timer = setTimeout(() => inbox.unsubscribe(), waitMs);
    try {
      // listened to before the ask: a fast provider's report must not be missed
      const first = inbox[Symbol.asyncIterator]().next();
      await ask(this.bus, 'rules.channel.test', { account, id, reply });
      const { value, done } = await first;
      if (done) {
        throw new Problem(
          504,
          'Gateway timeout',
          `The test was not reported within ${waitMs / 1000} seconds: see whether the channel type's service runs, and GET /v1/channels/${id}/deliveries`,
        );
      }
      return testedOf(value.json<Report>());
    } finally {
      clearTimeout(timer);
      inbox.unsubscribe();
    }
  }

  private asPlanned<T>(account: string, type: ChannelType, act: () => Promise<T>): Promise<T> {
    return type === 'webhook' ? this.accounts.commercially(account, 'Webhook channels', act) : act();
  }

  private async show(account: string, view: ChannelView) {
    return channelOf(view, (await this.health(account, [view]))[view.id]);
  }

  private async showChanged(account: string, { channel, generated }: Changed) {
    return channelOf(channel, (await this.health(account, [channel]))[channel.id], generated);
  }

  /** What health knows; nothing while it is away, which hides no channel. */
  private async health(account: string, views: ChannelView[]) {
    if (views.length === 0) return {};
    const channels = views.map(({ id, epoch }) => ({ id, epoch }));
    return ask(this.bus, 'health.status', { account, channels }, healthWaitMs).catch(() => ({}) as Record<string, never>);
  }
}

const testedOf = ({ delivery, outcome, attempt, reason, meaning }: Report) => ({
  delivery_id: delivery,
  outcome,
  status: attempt?.status ?? null,
  latency_ms: attempt?.latency_ms ?? null,
  reason,
  meaning,
});
