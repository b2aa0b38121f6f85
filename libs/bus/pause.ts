/** Waits, but not beyond the signal; not at all when there is nothing to wait for. */
export const pause = (ms: number, signal?: AbortSignal) =>
  new Promise<void>((done) => {
    if (signal?.aborted || ms <= 0) return done();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      done();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });

/** Acts again and again while it goes on, and waits between; what fails is told and tried again. */
export async function repeat(
  act: () => Promise<unknown>,
  wait: () => Promise<void>,
  goesOn: () => boolean,
  onError: (error: unknown) => void,
): Promise<void> {
  while (goesOn()) {
    await act().catch(onError);
    if (goesOn()) await wait();
  }
}

/** Acts again and again until the signal, and waits so long between; what fails is told and tried again. */
export const every = (
  ms: number,
  act: () => Promise<unknown>,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> =>
  repeat(
    act,
    () => pause(ms, signal),
    () => !signal.aborted,
    onError,
  );
