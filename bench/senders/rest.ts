import { Pool } from 'undici';
import { accountOf, type Events, eventOf } from '../event.js';
import type { Sender, Way } from '../roles/publisher.js';

type Row = { id: string; duplicate: boolean } | { errors: unknown };

/** POST /v1/events over connections that are kept; one event a request, or arrays. */
export async function restSender({ origin, token, array, lanes }: Way & { kind: 'rest' }, events: Events): Promise<Sender> {
  if (array > 1 && events.accounts > 1) throw new Error('An array belongs to one account: publish arrays to one');
  const pool = new Pool(origin, { connections: lanes, headersTimeout: 60_000 });
  return {
    lanes,
    depth: 1,
    array,
    send: async (numbers) => {
      const bodies = numbers.map((n) => eventOf(n, events));
      const answer = await pool.request({
        path: '/v1/events',
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${token}`,
          'farmbell-account': accountOf(numbers[0]!, events.accounts),
        },
        body: JSON.stringify(array === 1 ? bodies[0] : bodies),
      });
      const text = await answer.body.text();
      const rows: Row[] = answer.statusCode === 202 ? (array === 1 ? [JSON.parse(text)] : JSON.parse(text).results) : [];
      if (rows.length !== numbers.length || rows.some((row) => 'errors' in row || row.duplicate))
        throw new Error(`POST /v1/events answered ${answer.statusCode}: ${text.slice(0, 500)}`);
    },
    close: () => pool.close(),
  };
}
