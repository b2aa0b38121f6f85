import type { Asks } from '#contracts';
import type { Database } from '#runtime';

/** What an account received up to now is told to nobody any more, whoever gets its id; retention deletes it (see retention.ts). */
export async function deleteAccount(database: Database, { account }: Asks['journal.account.delete'][0]): Promise<null> {
  await database.query(
    `insert into deleted_account as known (account, at) values ($1, now())
     on conflict (account) do update set at = greatest(known.at, excluded.at)`,
    [account],
  );
  return null;
}
