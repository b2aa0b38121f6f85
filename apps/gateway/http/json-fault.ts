type Wanted = 'value' | 'value or ]' | 'key or }' | 'key' | 'colon' | 'comma' | 'end';

const said: Record<Wanted, string> = {
  value: 'a value',
  'value or ]': "a value or ']'",
  'key or }': "a key in double quotes or '}'",
  key: 'a key in double quotes',
  colon: "':'",
  comma: "',' or the closing bracket",
  end: 'the end of the body',
};

const space = /[ \t\n\r]*/y;
const mark = /[{}[\],:]/y;
const word = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what JSON forbids in strings
const plain = /[^"\\\u0000-\u001f]*/y;
const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** Where a match at `at` ends; undefined when there is none. */
function end(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** The end of a string that begins at `at`. A loop, not one pattern: nested repeats would take for ever on a long bad string. */
function stringEnd(text: string, at: number): number | undefined {
  if (text[at] !== '"') return undefined;
  let next: number = at + 1;
  for (;;) {
    next = end(plain, text, next)!;
    if (text[next] === '"') return next + 1;
    const after: number | undefined = end(escaped, text, next);
    if (after === undefined) return undefined;
    next = after;
  }
}

/**
 * Where a text stops being JSON and what was expected there, without quoting the text: V8's own message may carry a piece
 * of the body, and so a secret, and often no position.
 */
export function jsonFault(text: string): string {
  const { at, wanted } = scan(text);
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  const found = at >= text.length ? 'the body ends' : 'found something else';
  return `at position ${at} (line ${line}, column ${column}) expected ${said[wanted]}, ${found}`;
}

function scan(text: string): { at: number; wanted: Wanted } {
  const open: ('{' | '[')[] = [];
  let wanted: Wanted = 'value';
  let at = 0;
  const after = (): Wanted => (open.length > 0 ? 'comma' : 'end');
  for (;;) {
    at = end(space, text, at)!;
    const marked = end(mark, text, at);
    const string = marked === undefined ? stringEnd(text, at) : undefined;
    const ends = marked ?? string ?? end(word, text, at);
    if (ends === undefined) return { at, wanted };
    const next: Wanted | undefined = marked
      ? step(text[at]!, wanted, open, after)
      : afterWord(wanted, string !== undefined, after);
    if (next === undefined) return { at, wanted };
    wanted = next;
    at = ends;
  }
}

const afterWord = (wanted: Wanted, string: boolean, after: () => Wanted): Wanted | undefined => {
  if (wanted === 'value' || wanted === 'value or ]') return after();
  return string && (wanted === 'key' || wanted === 'key or }') ? 'colon' : undefined;
};

function step(sign: string, wanted: Wanted, open: ('{' | '[')[], after: () => Wanted): Wanted | undefined {
  const valueFits = wanted === 'value' || wanted === 'value or ]';
  const inside = open.at(-1);
  if (sign === '{' || sign === '[') {
    if (!valueFits) return undefined;
    open.push(sign);
    return sign === '{' ? 'key or }' : 'value or ]';
  }
  if (sign === ':') return wanted === 'colon' ? 'value' : undefined;
  if (sign === ',') return wanted === 'comma' ? (inside === '{' ? 'key' : 'value') : undefined;
  const closes =
    sign === '}'
      ? inside === '{' && (wanted === 'comma' || wanted === 'key or }')
      : inside === '[' && (wanted === 'comma' || wanted === 'value or ]');
  if (!closes) return undefined;
  open.pop();
  return after();
}
