import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';
import type { Reply } from '../http/http.js';
import { type Admitted, CALL } from './call.js';
import { IdempotencyStore } from './idempotency.js';

/** A POST with an Idempotency-Key is done once: a repeat gets the first one's answer. */
@Injectable()
export class Repeats implements NestInterceptor {
  constructor(@Inject(IdempotencyStore) private readonly store: IdempotencyStore) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const call = context.switchToHttp().getRequest<Admitted>()[CALL];
    if (call?.key === undefined) return next.handle();
    const reply = context.switchToHttp().getResponse<Reply>();
    return from(
      this.store
        .once(call, () => lastValueFrom(next.handle()))
        .then(({ status, answer, repeated }) => {
          reply.status(status);
          if (repeated) reply.header('idempotency-replayed', 'true');
          return answer;
        }),
    );
  }
}
