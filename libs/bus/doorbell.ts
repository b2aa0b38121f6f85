/** Lets one loop sleep until something happens, or for `ms` at most. */
export class Doorbell {
  private rung = false;
  private answer: () => void = () => {};

  ring(): void {
    this.rung = true;
    this.answer();
  }

  /** Resolves at the next ring (at once, if it rang since the last wait) or after `ms`. */
  wait(ms = 2 ** 30): Promise<void> {
    if (this.rung) {
      this.rung = false;
      return Promise.resolve();
    }
    return new Promise((done) => {
      const end = () => {
        clearTimeout(timer);
        this.answer = () => {};
        this.rung = false;
        done();
      };
      const timer = setTimeout(end, ms);
      this.answer = end;
    });
  }
}
