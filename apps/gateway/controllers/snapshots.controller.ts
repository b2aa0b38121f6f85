import { Controller, Inject } from '@nestjs/common';
import { Snapshots } from '#bus';
import { Problem } from '#contracts';
import type { Reply } from '../http/http.js';
import type { Call } from '../routes/call.js';
import { Route } from '../routes/route.js';

@Controller()
export class SnapshotsController {
  constructor(@Inject(Snapshots) private readonly snapshots: Snapshots) {}

  @Route({
    method: 'GET',
    path: '/s/{id}',
    access: 'none',
    summary: 'A snapshot, by its unguessable id, for seven days',
    answer: { status: 200, types: ['image/jpeg', 'image/png', 'image/webp'] },
  })
  async get({ params }: Call, reply: Reply) {
    const found = await this.snapshots.get(params.id!);
    if (!found) throw new Problem(404, 'Not found', 'There is no such snapshot: they are kept for seven days');
    reply.header('content-type', found.content_type);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('content-security-policy', "default-src 'none'");
    // what lies under an id never changes; it is nobody's but whose who know the id
    reply.header('cache-control', 'private, max-age=86400, immutable');
    return Buffer.from(found.bytes);
  }
}
