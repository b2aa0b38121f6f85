import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { ask, Bus } from '#bus';
import { Problem } from '#contracts';
import { CONFIG, eventOfPage, keyRing, publicUrl, type Settings } from '#runtime';
import { eventPage } from '../http/event-page.js';
import type { Reply } from '../http/http.js';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';

const shownMs = 7 * 86_400_000;

@Controller()
export class EventPageController {
  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Settings,
  ) {}

  @Route({
    method: 'GET',
    path: '/e/{id}',
    access: 'none',
    summary: 'A page of one event, by its unguessable id, for seven days',
    params: { id: z.string().max(400) },
    answer: { status: 200, types: ['text/html'] },
  })
  async get({ params }: Call, reply: Reply) {
    const { FARMBELL_SECRET_KEYS: keys } = this.config;
    const place = keys ? eventOfPage(keyRing(keys), params.id!) : undefined;
    const event = place && (await ask(this.bus, 'journal.event.get', { account: place.account, id: place.event }));
    if (!event || Date.now() - Date.parse(event.time) > shownMs)
      throw new Problem(404, 'Not found', 'There is no such page: they are kept for seven days');
    reply.header('content-type', 'text/html; charset=utf-8');
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
    reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; img-src https: http:");
    reply.header('cache-control', 'private, max-age=60');
    return eventPage(event, publicUrl(this.config));
  }
}
