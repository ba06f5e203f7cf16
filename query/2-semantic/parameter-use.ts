// Parameters behind a mistake: the type of one comes from its first use, so a use that a mistake hid must not be told as missing.
import type { Parameter, Span, Text } from '../1-syntax/ast.ts';
import type { Diagnostic } from '../1-syntax/diagnostic.ts';

interface Uses {
  readonly count: ReadonlyMap<string, number>;
  /** The name of the parameter that begins there, in which text. */
  readonly at: ReadonlyMap<string, string>;
}

const placeOf = ({ view, start }: Span): string => `${view?.name ?? ''} ${start}`;

const usesOf = (texts: readonly Text[]): Uses => {
  const count = new Map<string, number>();
  const at = new Map<string, string>();
  const left: unknown[] = [...texts];
  while (left.length > 0) {
    const node = left.pop() as Partial<Parameter> | null;
    if (node === null || typeof node !== 'object') continue;
    if (node.node === 'parameter') {
      const { name, span } = node as Parameter;
      count.set(name, (count.get(name) ?? 0) + 1);
      at.set(placeOf(span), name);
    } else for (const inner of Object.values(node)) left.push(inner);
  }
  return { count, at };
};

/** Without parameters of unknown type that another use, in a part with a mistake, may give its type. `errors`: in all texts. */
export const withoutFollowing = (found: readonly Diagnostic[], texts: readonly Text[], errors: number): readonly Diagnostic[] => {
  const isOpen = (d: Diagnostic): boolean => d.code === 'iql.unknown-parameter-type';
  const open = found.filter(isOpen).length;
  if (open === 0 || open === errors) return found;
  const { count, at } = usesOf(texts);
  return found.filter((d) => !isOpen(d) || count.get(at.get(placeOf(d.span)) ?? '') === 1);
};
