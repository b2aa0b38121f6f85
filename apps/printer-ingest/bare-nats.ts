import { type Bus, beginWork, type Incoming, traceOfStranger } from '#bus';
import { accountAndType, accountPattern, type Fault } from '#contracts';
import { countRows, type Input, type Intake, logTaken } from '#intake';
import { type Hop, type Log, newTrace } from '#runtime';

/**
 * Takes in what bare NATS publishers put on INGEST, in order: into EVENTS, or onto REJECTED with the reason.
 * An event without an id gets one made of its place in the stream, so that a redelivery is no second event.
 */
export async function takeIn(
  bus: Bus,
  intake: Intake,
  accountExists: (account: string) => Promise<boolean>,
  messages: Incoming<unknown>[],
  log: Log,
): Promise<void> {
  await Promise.all([...byAccount(messages)].map(([account, own]) => takeOf(account, own)));

  async function takeOf(account: string, own: Incoming<unknown>[]): Promise<void> {
    const steps = own.map(stepOf);
    try {
      await accepted(account, own, steps);
    } catch (error) {
      for (const { hop } of steps) hop?.end('unavailable');
      throw error;
    }
  }

  async function accepted(account: string, own: Incoming<unknown>[], steps: Step[]): Promise<void> {
    const fault = await accountFault(account, accountExists);
    const inputs = own.map((message, n) => ({ ...inputOf(message), trace: steps[n]!.trace }));
    const rows = fault ? own.map(() => ({ errors: [fault] })) : await intake.take(account, inputs);
    const refused = rows.flatMap((row, i) => ('errors' in row ? [{ message: own[i]!, errors: row.errors }] : []));
    await Promise.all(
      refused.map(({ message: { seq, subject, body }, errors }) =>
        bus.reject({ id: `INGEST-${seq}`, subject, account, errors, body: shownOf(body) }),
      ),
    );
    countRows('nats', rows);
    logTaken(log, { way: 'nats', account, rows, traceOf: (n) => steps[n]!.trace });
    for (const [n, row] of rows.entries()) {
      const { hop } = steps[n]!;
      hop?.set({ 'farmbell.account': account, ...('id' in row && { 'farmbell.event.id': row.id }) });
      hop?.end('errors' in row ? 'invalid' : undefined);
    }
  }
}

/** A message in its trace; one begins here where its publisher named none. */
interface Step {
  hop: Hop | undefined;
  trace: string;
}

function stepOf({ headers }: Incoming<unknown>): Step {
  const given = traceOfStranger(headers);
  const hop = beginWork('printer-ingest', 'accept', 'INGEST', given);
  return { hop, trace: hop?.trace ?? given ?? newTrace() };
}

/** A body nested so deeply that it cannot be written out again is refused for that, and not shown. */
function shownOf(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch {
    return '';
  }
}

const inputOf = ({ body, subject, seq, time }: Incoming<unknown>): Input => ({
  body,
  type: accountAndType(subject)?.type,
  id: `${time.getTime().toString(36).padStart(9, '0')}-${seq}`,
});

/** In order within each account: no printer has two. */
function byAccount(messages: Incoming<unknown>[]): Map<string, Incoming<unknown>[]> {
  const accounts = new Map<string, Incoming<unknown>[]>();
  for (const message of messages) {
    const account = accountAndType(message.subject)?.account ?? '';
    const own = accounts.get(account);
    if (own) own.push(message);
    else accounts.set(account, [message]);
  }
  return accounts;
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
