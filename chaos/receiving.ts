import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { channelPlans } from './channels.js';
import type { Children } from './children.js';
import type { Opened, ToReceivers } from './receivers.js';
import type { Arrival } from './records.js';

/** The receivers' process, from the harness's side. One question at a time. */
export class Receiving {
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly child: ChildProcess,
    readonly urls: Record<string, string>,
    readonly discordOrigin: string,
  ) {}

  static async open(children: Children): Promise<Receiving> {
    const child = children.fork('./receivers.js');
    favour(child.pid!);
    const channels = channelPlans.map(({ name, type, behaviour }) => ({ name, type, behaviour }));
    const { urls, discordOrigin } = (await asked(child, { ask: 'open', channels })) as Opened;
    return new Receiving(child, urls, discordOrigin);
  }

  /** How many requests have arrived. */
  async count(): Promise<number> {
    return (await this.ask({ ask: 'counts' })) as number;
  }

  async arrivals(file: string): Promise<Arrival[]> {
    await this.ask({ ask: 'arrivals', file });
    return JSON.parse(readFileSync(file, 'utf8')) as Arrival[];
  }

  private ask(message: ToReceivers): Promise<unknown> {
    const answer = this.turn.then(() => asked(this.child, message));
    this.turn = answer.catch(() => {});
    return answer;
  }
}

/** Who watches must not wait for a busy machine: what arrived would seem to have arrived later. Only an administrator may ask for it. */
function favour(pid: number): void {
  try {
    setPriority(pid, -10);
  } catch {
    // then without
  }
}

function asked(child: ChildProcess, message: ToReceivers): Promise<unknown> {
  return new Promise((done, fail) => {
    const ended = () => fail(new Error("The receivers' process ended: its error stands above"));
    child.once('exit', ended);
    child.once('message', (answer) => {
      child.off('exit', ended);
      done(answer);
    });
    child.send(message);
  });
}
