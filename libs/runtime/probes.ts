/** What must answer before a process is ready: each service adds its parts. */
export class Probes {
  private readonly checks = new Map<string, () => Promise<boolean>>();
  private readonly stopping = new AbortController();

  add(part: string, check: () => Promise<boolean>): void {
    this.checks.set(part, check);
  }

  /** Each part, and whether it answers. */
  states(): Promise<(readonly [part: string, ok: boolean])[]> {
    return Promise.all([...this.checks].map(async ([part, check]) => [part, await check().catch(() => false)] as const));
  }

  /** From now on it is not ready. */
  stop(): void {
    this.stopping.abort();
  }

  /** Aborts when the process begins to stop: its modules are ended one after another, and some need time. */
  get ending(): AbortSignal {
    return this.stopping.signal;
  }

  /** The parts that do not answer. */
  async failing(): Promise<string[]> {
    if (this.ending.aborted) return ['stopping'];
    return (await this.states()).filter(([, ok]) => !ok).map(([part]) => part);
  }
}

/** Whether `answer` comes, and is no failure, within `ms`. */
export function answersWithin(answer: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((done) => {
    timer = setTimeout(() => done(false), ms);
  });
  const came = answer.then(
    () => true,
    () => false,
  );
  return Promise.race([came, late]).finally(() => clearTimeout(timer));
}
