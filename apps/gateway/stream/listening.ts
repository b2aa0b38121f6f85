/** A message of a stream, as a client sees it. */
export interface Heard {
  id: string;
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was sent
  data: any;
}

/** For specs: a client of server-sent events that reads as the standard says (html.spec.whatwg.org, 9.2.6). */
export class Listening {
  readonly messages: Heard[] = [];
  readonly comments: string[] = [];
  /** Also of a block that brings nothing else. */
  lastId = '';
  retry: number | undefined;
  /** Whether the answer came to its end, or was cut. */
  readonly ended: Promise<'end' | 'cut'>;
  private rest = '';

  private constructor(
    readonly status: number,
    readonly headers: Headers,
    body: ReadableStream<Uint8Array>,
    private readonly hangUp: AbortController,
  ) {
    this.ended = this.read(body).then(
      () => 'end',
      () => 'cut',
    );
  }

  static async open(url: string, headers: Record<string, string>): Promise<Listening> {
    const hangUp = new AbortController();
    const response = await fetch(url, { headers, signal: hangUp.signal });
    return new Listening(response.status, response.headers, response.body!, hangUp);
  }

  /** Cuts the connection, and waits until all that had arrived was read. */
  async close(): Promise<void> {
    this.hangUp.abort();
    await this.ended;
  }

  /** The ids of the events, or of the deliveries, in the order in which they came. */
  told(event: 'event' | 'outcome'): string[] {
    return this.messages.filter((one) => one.event === event).map(({ data }) => (event === 'event' ? data.id : data.delivery_id));
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    for await (const text of body.pipeThrough(new TextDecoderStream())) this.take(text);
  }

  /** Whole blocks; what is cut short counts for nothing. */
  take(text: string): void {
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop()!;
    for (const block of blocks) this.block(block.split('\n'));
  }

  private block(lines: string[]): void {
    let event = 'message';
    const data: string[] = [];
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line)!;
      if (name === '') this.comments.push(value);
      else if (name === 'id') this.lastId = value;
      else if (name === 'event') event = value;
      else if (name === 'data') data.push(value);
      else if (name === 'retry') this.retry = Number(value);
      else throw new Error(`no field of server-sent events: ${line}`);
    }
    if (data.length > 0) this.messages.push({ id: this.lastId, event, data: JSON.parse(data.join('\n')) });
  }
}
