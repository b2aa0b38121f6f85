/** What must answer before a process is ready: each service adds its parts. */
export class Probes {
  private readonly checks = new Map<string, () => Promise<boolean>>();

  add(part: string, check: () => Promise<boolean>): void {
    this.checks.set(part, check);
  }

  /** The parts that do not answer. */
  async failing(): Promise<string[]> {
    const results = await Promise.all(
      [...this.checks].map(async ([part, check]) => [part, await check().catch(() => false)] as const),
    );
    return results.filter(([, ok]) => !ok).map(([part]) => part);
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
