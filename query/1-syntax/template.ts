// Texts with expressions in braces, as an alert's summary: `"{host} is full in {left}"`; `{{` and `}}` are braces themselves. Gives the
// expressions with spans in the text around; what they mean is the checker's to say.
import type { Expression, Span, TextLiteral } from './ast.ts';
import { type Diagnostic, syntaxError } from './diagnostic.ts';
import { parseList } from './parser.ts';
import { withSpans } from './span.ts';

export interface Template {
  readonly expressions: readonly Expression[];
  readonly diagnostics: readonly Diagnostic[];
}

/** `[a, b,]` of the same length as `{a} to {b}`; undefined where braces do not pair. */
const listOf = (value: string): { readonly list: string; readonly count: number } | undefined => {
  let list = '';
  let count = 0;
  let open = false;
  for (let i = 0; i < value.length; i++) {
    const sign = value[i] as string;
    if (sign !== '{' && sign !== '}') list += open ? sign : ' ';
    else if (!open && value[i + 1] === sign) {
      list += '  ';
      i += 1;
    } else if ((sign === '{') === open) return undefined;
    else {
      open = !open;
      count += open ? 1 : 0;
      list += open ? ' ' : ',';
    }
  }
  return open ? undefined : { list, count };
};

export const templateOf = ({ value, span, raw }: TextLiteral): Template => {
  const start = span.start + (raw ? 2 : 1);
  const found = listOf(value);
  const wrong = (at: Span): Template => ({ expressions: [], diagnostics: [syntaxError('iql.template', {}, at)] });
  if (found === undefined) return wrong(span);
  const isPlain = value.length === span.end - start - 1;
  const { items, diagnostics } = parseList(`${' '.repeat(isPlain ? start - 1 : 0)}[${found.list}]`);
  if (diagnostics.length === 0 && items.length !== found.count) return wrong(span);
  if (isPlain) return { expressions: items, diagnostics };
  // Where an escape stands, places in the value are no places in the text.
  return { expressions: withSpans(items, () => span), diagnostics: diagnostics.map((d) => ({ ...d, span, fix: undefined })) };
};
