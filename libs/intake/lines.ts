import { type Log, traceIdOf } from '#runtime';
import type { Row } from './intake.js';
import type { Way } from './metrics.js';

export interface Taken {
  way: Way;
  account: string;
  rows: readonly Row[];
  /** The trace of each row's event, by its place. */
  traceOf: (n: number) => string | undefined;
}

const mostPaths = 5;
const pathLength = 100;

/**
 * What became of events that were published together: a line for each that was accepted, and one for all that were refused. It
 * names the paths that are at fault and no value: the publisher was told the rest, of NATS GET /v1/rejected tells it.
 */
export function logTaken(log: Log, { way, account, rows, traceOf }: Taken): void {
  const refused = rows.flatMap((row, n) => ('errors' in row ? [{ n, errors: row.errors }] : []));
  if (refused.length > 0)
    log.warn(
      {
        trace_id: traceIdOf(traceOf(refused[0]!.n)),
        account: account.slice(0, pathLength),
        way,
        refused: refused.length,
        published: rows.length,
        paths: refused
          .flatMap(({ errors }) => errors)
          .slice(0, mostPaths)
          .map(({ path }) => path.slice(0, pathLength)),
      },
      'Published events were refused: they are at fault.',
    );
  if (!log.isLevelEnabled('debug')) return;
  for (const [n, row] of rows.entries())
    if ('id' in row)
      log.debug(
        { trace_id: traceIdOf(traceOf(n)), event: row.id, account, way },
        row.duplicate ? 'An event was published again, and is known.' : 'An event was accepted.',
      );
}
