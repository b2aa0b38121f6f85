/** An entity of a parsed text; offsets and lengths in UTF-16 units, as the Bot API gives them. */
export interface Entity {
  type: string;
  offset: number;
  length: number;
  url?: string;
}

export interface Parsed {
  text: string;
  entities: Entity[];
}

const types: Record<string, string> = {
  a: 'text_link',
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  u: 'underline',
  ins: 'underline',
  'tg-spoiler': 'spoiler',
  'tg-emoji': 'custom_emoji',
  'tg-time': 'date_time',
  span: 'spoiler',
  pre: 'pre',
  code: 'code',
  blockquote: 'blockquote',
};
const named: Record<string, number> = { lt: 60, gt: 62, amp: 38, quot: 34 };
const isSpace = (sign: string): boolean => sign === '' || ' \t\r\n\0\v'.includes(sign);

/** Why a text is refused, in Telegram's words. */
export class Unparsable extends Error {}

interface Open {
  tag: string;
  offset: number;
  /** Where its content begins in the result. */
  from: number;
  argument: string;
}

/** Reads HTML byte by byte as parse_html in https://github.com/tdlib/td/blob/master/td/telegram/MessageEntity.cpp does, and as strictly. */
class Reader {
  private at = 0;
  private offset = 0;
  private result = '';
  private readonly open: Open[] = [];
  private readonly entities: Entity[] = [];

  /** One character a byte of UTF-8, so that an index is a byte offset. */
  constructor(private readonly bytes: string) {}

  read(): Parsed {
    while (this.at < this.bytes.length) {
      const sign = this.sign();
      if (sign === '&' && this.entity()) continue;
      if (sign !== '<') {
        this.add(sign);
        this.at += 1;
      } else if (this.bytes.charAt(this.at + 1) === '/') this.endTag();
      else this.startTag();
    }
    const left = this.open.at(-1);
    if (left) throw new Unparsable(`Can't find end tag corresponding to start tag "${left.tag}"`);
    this.entities.sort((one, other) => one.offset - other.offset || other.length - one.length);
    return { text: utf8(this.result), entities: this.entities };
  }

  private sign(): string {
    return this.bytes.charAt(this.at);
  }

  private add(byte: string): void {
    const code = byte.charCodeAt(0);
    if ((code & 0xc0) !== 0x80) this.offset += code >= 0xf0 ? 2 : 1;
    this.result += byte;
  }

  /** Takes `&lt;`, `&#60;` and the like, with or without their semicolon; false where it is nothing but an ampersand. */
  private entity(): boolean {
    const found = decode(this.bytes, this.at);
    if (!found) return false;
    for (const byte of Buffer.from(String.fromCodePoint(found.code)).toString('latin1')) this.add(byte);
    this.at = found.end;
    return true;
  }

  private skip(while_: (sign: string) => boolean): string {
    const from = this.at;
    while (this.at < this.bytes.length && while_(this.sign())) this.at += 1;
    return this.bytes.slice(from, this.at);
  }

  private startTag(): void {
    const begin = this.at++;
    const tag = utf8(this.skip((sign) => !isSpace(sign) && sign !== '>')).toLowerCase();
    if (this.sign() === '') throw new Unparsable(`Unclosed start tag at byte offset ${begin}`);
    if (!Object.hasOwn(types, tag)) throw new Unparsable(`Unsupported start tag "${tag}" at byte offset ${begin}`);
    let argument = '';
    for (;;) {
      this.skip(isSpace);
      if (this.sign() === '>') break;
      const [name, value] = this.attribute(tag, begin);
      if (this.sign() === '') throw new Unparsable(`Unclosed start tag at byte offset ${begin}`);
      if (tag === 'a' && name === 'href') argument = value;
      if (tag === 'span' && name === 'class') argument = value;
    }
    if (tag === 'span' && argument !== 'tg-spoiler')
      throw new Unparsable(`Tag "span" must have class "tg-spoiler" at byte offset ${begin}`);
    this.at += 1;
    this.open.push({ tag, offset: this.offset, from: this.result.length, argument });
  }

  private attribute(tag: string, begin: number): [name: string, value: string] {
    const name = this.skip((sign) => !isSpace(sign) && sign !== '=' && sign !== '>');
    if (name === '') throw new Unparsable(`Empty attribute name in the tag "${tag}" at byte offset ${begin}`);
    this.skip(isSpace);
    if (this.sign() !== '=') {
      if (tag === 'blockquote' && name === 'expandable') return [name, ''];
      throw new Unparsable(`Expected equal sign in declaration of an attribute of the tag "${tag}" at byte offset ${begin}`);
    }
    this.at += 1;
    this.skip(isSpace);
    const quote = this.sign();
    if (quote === '') throw new Unparsable(`Unclosed start tag "${tag}" at byte offset ${begin}`);
    if (quote !== '"' && quote !== "'") return [name, this.token()];
    this.at += 1;
    let value = '';
    while (this.at < this.bytes.length && this.sign() !== quote) {
      const found = this.sign() === '&' ? decode(this.bytes, this.at) : undefined;
      value += found ? Buffer.from(String.fromCodePoint(found.code)).toString('latin1') : this.sign();
      this.at = found?.end ?? this.at + 1;
    }
    this.at += 1;
    return [name, utf8(value)];
  }

  private token(): string {
    const begin = this.at;
    const token = this.skip((sign) => /[A-Za-z0-9.-]/.test(sign));
    if (!isSpace(this.sign()) && this.sign() !== '>')
      throw new Unparsable(`Unexpected end of name token at byte offset ${begin}`);
    return token.toLowerCase();
  }

  private endTag(): void {
    const begin = this.at;
    const last = this.open.pop();
    if (!last) throw new Unparsable(`Unexpected end tag at byte offset ${begin}`);
    this.at += 2;
    const tag = utf8(this.skip((sign) => !isSpace(sign) && sign !== '>')).toLowerCase();
    this.skip(isSpace);
    if (this.sign() !== '>') throw new Unparsable(`Unclosed end tag at byte offset ${begin}`);
    if (tag !== '' && tag !== last.tag)
      throw new Unparsable(`Unmatched end tag at byte offset ${begin}, expected "</${last.tag}>", found "</${tag}>"`);
    this.at += 1;
    const length = this.offset - last.offset;
    const url = last.tag === 'a' ? linked(last.argument || utf8(this.result.slice(last.from))) : undefined;
    // a link without an address that Telegram knows is text, without a word on it
    if (length === 0 || (last.tag === 'a' && url === undefined)) return;
    this.entities.push({ type: types[last.tag]!, offset: last.offset, length, ...(url !== undefined && { url }) });
  }
}

const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString();

function decode(bytes: string, at: number): { code: number; end: number } | undefined {
  const [whole = '', hex, decimal, name] = /^&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));?/i.exec(bytes.slice(at, at + 12)) ?? [];
  const code = name !== undefined ? (named[name] ?? 0) : Number.parseInt(hex ?? decimal ?? '0', hex === undefined ? 10 : 16);
  return code > 0 && code < 0x10ffff && whole.length <= 10 ? { code, end: at + whole.length } : undefined;
}

/** As LinkManager::check_link_impl takes it: a bare name is no host. */
function linked(address: string): string | undefined {
  const whole = /^[a-z]+:/i.test(address) ? address : `http://${address}`;
  if (!URL.canParse(whole)) return undefined;
  const { protocol, hostname, href } = new URL(whole);
  return /^(https?|tg):$/.test(protocol) && (protocol === 'tg:' || /[.[]/.test(hostname)) ? href : undefined;
}

/** Throws Unparsable. */
export const parseHtml = (html: string): Parsed => new Reader(Buffer.from(html).toString('latin1')).read();
