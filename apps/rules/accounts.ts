import { ask, type Bus } from '#bus';
import { Problem } from '#contracts';
import type { Database } from '#runtime';
import type { Channels } from './channels.js';
import type { On } from './on.js';
import type { PrinterCopies } from './printer-copies.js';
import { disabledByPlan } from './turned.js';

export interface AccountsParts {
  bus: Bus;
  database: Database;
  channels: Channels;
  printers: PrinterCopies;
  /** Told why the copy of a deleted printer could not be removed: it is removed later. */
  uncopied: (error: unknown) => void;
}

const atOnce = 20;
/** What the account alone owns here, beside printers and channels; connections of apps first, organizations last. */
const owned = ['app_connection', 'quiet_hours', 'organization'];

/** What happens to a whole account: each may be repeated after a crash, and then does the rest. */
export function answerAccounts(on: On, parts: AccountsParts): void {
  on('rules.account.plan', ({ account, plan }) => followPlan(parts, account, plan).then(() => null));
  on('rules.account.delete', ({ account }) => deleteAccount(parts, account).then(() => null));
}

/**
 * Webhook channels need the plan commercial: without it none of the account's is enabled; with it those are again that the plan had
 * disabled, but for those of apps whose connection has expired meanwhile.
 */
async function followPlan({ database, channels }: AccountsParts, account: string, plan: 'hobby' | 'commercial'): Promise<void> {
  const rows = await database.rows<{ id: string; enabled: boolean; disabled_reason: string | null; expired: boolean }>(
    `select id, enabled, disabled_reason,
       exists (select from app_connection where channel_id = channel.id and expires_at <= now()) as expired
     from channel where account = $1 and type = 'webhook' and not deleted`,
    [account],
  );
  const enabled = plan === 'commercial';
  const concerned = rows.filter((row) => (enabled ? disabledByPlan(row) && !row.expired : row.enabled));
  await inCompany(concerned, ({ id }) =>
    channels.turn(account, id, enabled, 'plan').catch((error) => {
      // deleted meanwhile
      if (!(error instanceof Problem) || error.status !== 404) throw error;
    }),
  );
}

async function deleteAccount({ bus, database, printers, uncopied }: AccountsParts, account: string): Promise<void> {
  const gone = await database.transaction(async (manager) => {
    // who makes a printer or channel of an organization meanwhile waits, and then finds it gone
    await manager.query('select from organization where account = $1 order by id for update', [account]);
    const [channel] = await manager.query('select 1 from channel where account = $1 and not deleted limit 1', [account]);
    if (channel) throw stillHasChannels(account);
    await manager.query('update channel set organization = null where account = $1 and deleted', [account]);
    const rows: { id: string }[] = await manager.query(
      `with gone as (
         update printer set deleted = true, organization = null, version = version + 1 where account = $1 returning id)
       select id from gone`,
      [account],
    );
    for (const table of owned) await manager.query(`delete from ${table} where account = $1`, [account]);
    return rows;
  });
  await inCompany(gone, ({ id }) => printers.put(account, id).catch(uncopied));
  // while none folds, it will read them
  await ask(bus, 'rules.quiet.refresh', { account }, 1000).catch(() => {});
}

async function inCompany<T>(all: T[], act: (one: T) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < all.length; i += atOnce) await Promise.all(all.slice(i, i + atOnce).map(act));
}

const stillHasChannels = (account: string) =>
  new Problem(
    409,
    'Conflict',
    `Account ${account} has channels: delete them first with DELETE /v1/channels/{id} and Farmbell-Account: ${account}`,
  );
