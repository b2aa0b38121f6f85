import pg from 'pg';

export interface PastFailures {
  channel: string;
  type: string;
  count: number;
  printers: number;
}

/**
 * For specs: deliveries that failed an hour ago, as the journal keeps them, since the failures themselves would take minutes. Of the
 * events `f0`, `f1`, ..., in that order, each printer in its turn.
 */
export async function pastFailures(url: string, { channel, type, count, printers }: PastFailures): Promise<void> {
  const client = new pg.Client({ connectionString: url, options: '-c search_path=journal' });
  await client.connect();
  await client.query(
    `insert into event (account, id, seq, type, printer, time, accepted_at, body)
     select 'default', 'f' || n, n, $1, 'p' || n % $2, at, at, json_build_object(
       'id', 'f' || n, 'type', $1::text, 'severity', 'error', 'time', to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       'title', 'Failed', 'message', '', 'account', 'default', 'printer', json_build_object('id', 'p' || n % $2))
     from (select n, now() - interval '1 hour' + n * interval '1 ms' as at from generate_series(0, $3::int - 1) as n) as past`,
    [type, printers, count],
  );
  await client.query(
    `insert into delivery (id, account, channel, channel_type, event_id, event_type, outcome, reason, created_at, finished_at, test, claim)
     select md5(id), account, $1, 'webhook', id, type, 'failed', 'server', accepted_at, accepted_at, false, '2' from event where type = $2`,
    [channel, type],
  );
  await client.end();
}
