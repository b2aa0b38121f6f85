/** A role is a process of its own (receiver, publisher, floor) that the harness asks over IPC. */
// biome-ignore lint/suspicious/noExplicitAny: each role types its own questions
export type Methods = Record<string, (input: any) => unknown>;

export interface Question {
  id: number;
  name: string;
  input: unknown;
}
export interface Reply {
  id: number;
  value?: unknown;
  error?: string;
}

/** Answers the harness, several questions at once, until it is gone. */
export function serve(methods: Methods): void {
  process.on('message', async ({ id, name, input }: Question) => {
    const reply = await Promise.resolve()
      .then(() => methods[name]!(input))
      .then(
        (value): Reply => ({ id, value }),
        (error): Reply => ({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      );
    process.send!(reply);
  });
  process.on('disconnect', () => process.exit());
  // Ctrl-C reaches the whole group: the harness decides when its roles end
  process.on('SIGINT', () => {});
}
