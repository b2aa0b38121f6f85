import { pause } from '#bus';

/** What must be stored is tried until it is: surroundings may be away for a while. */
export type Surely = (store: () => Promise<unknown>) => Promise<void>;

const againMs = 500;

/** Throws only after the signal. */
export const surelyUntil =
  (signal: AbortSignal, onError: (error: unknown) => void): Surely =>
  async (store) => {
    for (;;) {
      try {
        await store();
        return;
      } catch (error) {
        onError(error);
        if (signal.aborted) throw error;
        await pause(againMs, signal);
      }
    }
  };
