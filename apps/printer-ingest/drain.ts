/** Calls that are under way, and the wish that they end. */
export class Drain {
  private readonly underWay = new Set<Promise<unknown>>();
  private readonly told = new Set<() => void>();
  /** Nothing more is to be taken. */
  stopping = false;

  /** Calls back when nothing more is to be taken, until what it answers with is called. */
  onStop(tell: () => void): () => void {
    this.told.add(tell);
    return () => void this.told.delete(tell);
  }

  /** Counts a call until it has ended. */
  count<T>(call: Promise<T>): Promise<T> {
    const over = call.then(
      () => {},
      () => {},
    );
    this.underWay.add(over);
    void over.then(() => this.underWay.delete(over));
    return call;
  }

  /** Asks calls to end, and waits for them, for so long; whether there were any. */
  async end(ms: number): Promise<boolean> {
    this.stopping = true;
    const any = this.underWay.size > 0;
    for (const tell of this.told) tell();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((done) => {
      timer = setTimeout(done, ms);
    });
    await Promise.race([Promise.all(this.underWay), late]);
    clearTimeout(timer);
    return any;
  }
}
