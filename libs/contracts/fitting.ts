/** A page travels as one NATS message, and an external server takes 1 MiB unless told. */
const mostBytes = 900 * 1024;

/** The views of the first rows, at most `limit`, that fit one message; of what is too large for any, one. */
export function fitting<R, T>(rows: readonly R[], limit: number, shown: (row: R) => T): T[] {
  const views: T[] = [];
  let bytes = 0;
  for (const row of rows.slice(0, limit)) {
    const view = shown(row);
    bytes += Buffer.byteLength(JSON.stringify(view));
    if (views.length > 0 && bytes > mostBytes) break;
    views.push(view);
  }
  return views;
}
