/** Ends what the harness started, should the harness itself be gone without having done so. Told by messages of keeping.ts. */
export type ToKeeper = { keep: number } | { over: number };

const kept = new Set<number>();

process.on('message', (message: ToKeeper) => {
  if ('keep' in message) kept.add(message.keep);
  else kept.delete(message.over);
});
process.on('disconnect', () => {
  for (const pid of kept) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // gone already
    }
  }
  process.exit(0);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
