import { Controller, Inject } from '@nestjs/common';
import type { Reply } from '../http/http.js';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';
import { LiveStreams } from '../stream/live-streams.js';

@Controller()
export class StreamController {
  constructor(@Inject(LiveStreams) private readonly streams: LiveStreams) {}

  @Route({
    method: 'GET',
    path: '/v1/stream',
    access: 'read',
    summary: "The account's events and outcomes as they happen (server-sent events)",
    detail: [
      '`event`: an event, as GET /v1/events/{id} shows it. `outcome`: how a delivery ended, `{delivery_id, event_id, event_type, channel_id, channel_type, outcome, reason, at}`; one that went into a summary has `outcome` null and, as `folded_into`, the delivery whose outcome is its own.',
      'Begins with what happens from now on, or behind the message that Last-Event-ID names, as far back as FARMBELL_RETENTION_DAYS. The comment `: live` follows what was missed. After a cut a message may come twice, with the same id inside: none is left out.',
      'A comment every 15 seconds shows that the connection lives. The stream ends when its token is revoked or expires, within 15 seconds; for who reads more slowly than things happen, behind by 2 MiB; and when the gateway stops. Connect again with the last id.',
    ].join('\n\n'),
    headers: { 'Last-Event-ID': 'the id of the last message that arrived: the stream goes on behind it' },
    answer: { status: 200, types: ['text/event-stream'] },
    refusals: {
      422: "Last-Event-ID is no id of this stream's messages",
      429: 'the account has 50 streams open at this gateway, or this address sent too many bad tokens; see Retry-After',
    },
  })
  async stream(call: Call, reply: Reply) {
    const body = await this.streams.open(call, reply);
    reply.header('content-type', 'text/event-stream; charset=utf-8');
    reply.header('cache-control', 'no-cache, no-store, no-transform');
    // nginx would gather what comes
    reply.header('x-accel-buffering', 'no');
    // the end of the stream is the end of the connection, which a gateway that stops would else wait for
    reply.header('connection', 'close');
    return body;
  }
}
