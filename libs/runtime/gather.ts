interface Given<T> {
  item: T;
  done: () => void;
  failed: (error: unknown) => void;
}

export interface Gathering {
  /** At most so many items an act; 500 unless told. */
  most?: number;
  /** Waits so long for more before each act; none unless told, beyond the turn of the event loop. */
  lingerMs?: number;
  /** Whether an error may be one item's fault: then each is done alone, and only the faulty ones fail. */
  splits?: (error: unknown) => boolean;
}

/**
 * One `act` for many callers: what is given in one turn of the event loop, and while the last act is under way, is done
 * together, one act after another. Resolves when the item's act has; throws what it threw.
 */
export function gathering<T>(act: (items: T[]) => Promise<unknown>, options: Gathering = {}): (item: T) => Promise<void> {
  const { most = 500, lingerMs = 0, splits = () => false } = options;
  const given: Given<T>[] = [];
  let acting = false;
  const turn = () => new Promise<void>((done) => (lingerMs > 0 ? setTimeout(done, lingerMs) : setImmediate(done)));
  const perform = async (now: Given<T>[]): Promise<void> => {
    try {
      await act(now.map(({ item }) => item));
      for (const { done } of now) done();
    } catch (error) {
      if (now.length > 1 && splits(error)) for (const one of now) await perform([one]);
      else for (const { failed } of now) failed(error);
    }
  };
  const run = async () => {
    while (given.length > 0) {
      await turn();
      await perform(given.splice(0, most));
    }
    acting = false;
  };
  return (item) =>
    new Promise((done, failed) => {
      given.push({ item, done, failed });
      if (acting) return;
      acting = true;
      void run();
    });
}
