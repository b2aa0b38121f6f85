import { ask, type Bus, pause } from '#bus';
import { SeenIds } from './seen-ids.js';

const waitMs = 1500;
/** Ids in one question, beside one caller's own at most 1,000: the whole must fit a message. */
const mostIds = 5000;
/** Who asks in quick succession asks together; the first one never waits. */
const everyMs = 2;

interface Question {
  ids: string[];
  answer: (known: Set<string>) => void;
}

/**
 * Which ids the store knows: those accepted longer ago than the duplicate window. It is asked only for ids that may have been
 * seen, one question at a time an account; what is asked meanwhile goes into the next. A store that is away holds nobody up:
 * then none is known.
 */
export class KnownIds {
  private readonly waiting = new Map<string, Question[]>();

  private readonly seen: SeenIds;

  constructor(private readonly bus: Bus) {
    this.seen = new SeenIds(bus);
  }

  close(): void {
    this.seen.close();
  }

  async of(account: string, given: string[]): Promise<Set<string>> {
    const ids = given.filter((id) => !this.seen.isNew(account, id));
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
    const next = pause(everyMs);
    const ids = questions.flatMap((question) => question.ids);
    const known = new Set(await ask(this.bus, 'journal.event.known', { account, ids }, waitMs).catch(() => []));
    for (const { answer } of questions) answer(known);
    await next;
    const queue = this.waiting.get(account) ?? [];
    if (queue.length > 0) void this.ask(account, upTo(mostIds, queue));
    else this.waiting.delete(account);
  }
}

/** Takes questions out of the queue until they have so many ids. */
function upTo(most: number, queue: Question[]): Question[] {
  let ids = 0;
  const end = queue.findIndex((question) => {
    ids += question.ids.length;
    return ids >= most;
  });
  return queue.splice(0, end < 0 ? queue.length : end + 1);
}
