/** Calls that are under way, and the wish that they end. */
export class Drain {
  private readonly underWay = new Set<Promise<unknown>>();
  private tell!: () => void;
  /** Resolves when nothing more is to be taken. */
  readonly wished = new Promise<'stop'>((done) => {
    this.tell = () => done('stop');
  });
  stopping = false;

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
    this.tell();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((done) => {
      timer = setTimeout(done, ms);
    });
    await Promise.race([Promise.all(this.underWay), late]);
    clearTimeout(timer);
    return any;
  }
}
