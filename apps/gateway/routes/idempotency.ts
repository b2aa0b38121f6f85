import { createHash, hkdfSync } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Problem } from '#contracts';
import { complain, Database, type KeyRing, keyRing, LOG, type Log, open, seal } from '#runtime';
import type { Call } from './call.js';

/** A first request that has not answered for so long died: its repeat may go on. Longer than any request takes. */
const abandonedS = 90;
const keptS = 24 * 3600;

interface Kept {
  body_hash: Buffer;
  status: number | null;
  answer: string | null;
}
interface Answered {
  status: number;
  answer: unknown;
  repeated: boolean;
}

/** Answers of requests that carried an Idempotency-Key, kept for 24 hours. Only successes: what was refused may be tried again. */
@Injectable()
export class IdempotencyStore implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    const failed = complain(this.log, 'old idempotency keys could not be deleted');
    const sweep = () => void this.sweep().catch(failed);
    sweep();
    this.timer = setInterval(sweep, 3600_000);
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Does the work, unless a request with this key did it before: then its answer. */
  async once(call: Call, work: () => Promise<unknown>): Promise<Answered> {
    const place = [call.caller.account, `${call.route.method} ${call.path}`, call.key];
    const hash = createHash('sha256').update(call.bytes).digest();
    if (!(await this.claim(place, hash))) return this.repeated(call, place, hash);
    const { status } = call.route.answer;
    let answer: unknown;
    try {
      answer = await work();
    } catch (error) {
      await this.database.query(`delete from idempotency where ${here}`, place).catch(() => {});
      throw error;
    }
    const text = JSON.stringify(answer ?? null);
    const kept = call.route.secret ? seal(ringOf(call), text) : text;
    // the work is done: that its answer could not be kept is no reason to deny it
    await this.database
      .query(`update idempotency set status = $4, answer = $5 where ${here}`, [...place, status, kept])
      .catch(complain(this.log, 'the answer for an idempotency key could not be kept'));
    return { status, answer, repeated: false };
  }

  /** True when this request is the first with its key, or the first one's work was never finished. */
  private async claim(place: unknown[], hash: Buffer): Promise<boolean> {
    const rows = await this.database.rows(
      `insert into idempotency as kept (account, route, key, body_hash) values ($1, $2, $3, $4)
       on conflict (account, route, key) do update set body_hash = $4, started_at = now(), status = null, answer = null
       where kept.started_at < now() - make_interval(secs => ${keptS})
          or (kept.status is null and kept.body_hash = $4 and kept.started_at < now() - make_interval(secs => ${abandonedS}))
       returning 1`,
      [...place, hash],
    );
    return rows.length > 0;
  }

  private async repeated(call: Call, place: unknown[], hash: Buffer): Promise<Answered> {
    const [kept] = await this.database.rows<Kept>(`select body_hash, status, answer from idempotency where ${here}`, place);
    if (kept && !kept.body_hash.equals(hash)) {
      throw new Problem(
        422,
        'Unprocessable content',
        'This Idempotency-Key was used with another body: use a new key for a new request, and the same body for a repeat',
        [{ path: 'Idempotency-Key', message: 'was used with another body' }],
      );
    }
    if (!kept || kept.status === null || kept.answer === null) {
      throw new Problem(
        409,
        'Conflict',
        'The first request with this Idempotency-Key is still under way: repeat this one in a second to get its answer',
        undefined,
        1,
      );
    }
    return {
      status: kept.status,
      answer: JSON.parse(call.route.secret ? opened(call, kept.answer) : kept.answer),
      repeated: true,
    };
  }

  private async sweep(): Promise<void> {
    await this.database.query(`delete from idempotency where started_at < now() - make_interval(secs => ${keptS})`);
  }
}

const here = 'account = $1 and route = $2 and key = $3';

/** A key that only who holds the caller's token can make: what is kept shows nobody else the secret. */
function ringOf({ token, caller, path, key }: Call): KeyRing {
  const bytes = hkdfSync('sha256', token, '', JSON.stringify(['idempotency', caller.account, path, key]), 32);
  return keyRing(Buffer.from(bytes).toString('base64url'));
}

function opened(call: Call, kept: string): string {
  try {
    return open(ringOf(call), kept);
  } catch {
    throw new Problem(
      409,
      'Conflict',
      'This Idempotency-Key was used with another token, and the answer shows a secret: it was done, see the list; to make another, use a new key',
    );
  }
}
