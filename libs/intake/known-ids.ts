import { ask, type Bus } from '#bus';

const waitMs = 1500;
/** Questions in one: each has at most 1,000 ids, and the whole must fit a message. */
const most = 30;

interface Question {
  ids: string[];
  answer: (known: Set<string>) => void;
}

/**
 * Asks the store which ids it knows: those accepted longer ago than the duplicate window. One question at a time an
 * account; what is asked meanwhile goes into the next. A store that is away holds nobody up: then none is known.
 */
export class KnownIds {
  private readonly waiting = new Map<string, Question[]>();

  constructor(private readonly bus: Bus) {}

  async of(account: string, ids: string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    return new Promise((answer) => {
      const queue = this.waiting.get(account);
      if (queue) queue.push({ ids, answer });
      else {
        this.waiting.set(account, []);
        void this.ask(account, [{ ids, answer }]);
      }
    });
  }

  private async ask(account: string, questions: Question[]): Promise<void> {
    const ids = questions.flatMap((question) => question.ids);
    const known = new Set(await ask(this.bus, 'journal.event.known', { account, ids }, waitMs).catch(() => []));
    for (const { answer } of questions) answer(known);
    const queue = this.waiting.get(account) ?? [];
    const next = queue.splice(0, most);
    if (next.length > 0) void this.ask(account, next);
    else this.waiting.delete(account);
  }
}
