import type { Bus, Incoming } from '#bus';
import { accountAndType, accountPattern, type Fault } from '#contracts';
import type { Input, Intake } from '#intake';

/**
 * Takes in what bare NATS publishers put on INGEST, in order: into EVENTS, or onto REJECTED with the reason.
 * An event without an id gets one made of its place in the stream, so that a redelivery is no second event.
 */
export async function takeIn(
  bus: Bus,
  intake: Intake,
  accountExists: (account: string) => Promise<boolean>,
  messages: Incoming<unknown>[],
): Promise<void> {
  for (const run of runsOfAccount(messages)) {
    const fault = await accountFault(run.account, accountExists);
    const rows = fault
      ? run.messages.map(() => ({ errors: [fault] }))
      : await intake.take(run.account, run.messages.map(inputOf));
    const refused = rows.flatMap((row, i) => ('errors' in row ? [{ message: run.messages[i]!, errors: row.errors }] : []));
    await Promise.all(
      refused.map(({ message: { seq, subject, body }, errors }) =>
        bus.reject({ id: `INGEST-${seq}`, subject, account: run.account, errors, body: JSON.stringify(body) }),
      ),
    );
  }
}

const inputOf = ({ body, subject, seq, time }: Incoming<unknown>): Input => ({
  body,
  type: accountAndType(subject)?.type,
  id: `${time.getTime().toString(36).padStart(9, '0')}-${seq}`,
});

/** Neighbours of one account together: order is kept. */
function runsOfAccount(messages: Incoming<unknown>[]): { account: string; messages: Incoming<unknown>[] }[] {
  const runs: { account: string; messages: Incoming<unknown>[] }[] = [];
  for (const message of messages) {
    const account = accountAndType(message.subject)?.account ?? '';
    if (runs.at(-1)?.account === account) runs.at(-1)!.messages.push(message);
    else runs.push({ account, messages: [message] });
  }
  return runs;
}

async function accountFault(account: string, exists: (account: string) => Promise<boolean>): Promise<Fault | undefined> {
  if (!accountPattern.test(account)) return { path: 'account', message: 'the subject must be farmbell.ingest.<account>.<type>' };
  return (await exists(account))
    ? undefined
    : {
        path: 'account',
        message: `account '${account}' does not exist: make it with POST /v1/accounts, or publish to farmbell.ingest.default.<type>`,
      };
}
