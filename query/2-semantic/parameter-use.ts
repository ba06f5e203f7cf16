// Parameters behind a mistake: the type of one comes from its first use, so a use that a mistake hid must not be told as missing.
import type { Parameter, Text } from '../1-syntax/ast.ts';
import type { Diagnostic } from '../1-syntax/diagnostic.ts';

interface Uses {
  readonly count: ReadonlyMap<string, number>;
  /** The name of the parameter that begins there. */
  readonly at: ReadonlyMap<number, string>;
}

const usesOf = (text: Text): Uses => {
  const count = new Map<string, number>();
  const at = new Map<number, string>();
  const left: unknown[] = [text];
  while (left.length > 0) {
    const node = left.pop() as Partial<Parameter> | null;
    if (node === null || typeof node !== 'object') continue;
    if (node.node === 'parameter') {
      const { name, span } = node as Parameter;
      count.set(name, (count.get(name) ?? 0) + 1);
      at.set(span.start, name);
    } else for (const inner of Object.values(node)) left.push(inner);
  }
  return { count, at };
};

/** Without parameters of unknown type that another use, in a part with a mistake, may give its type. `errors`: in the whole text. */
export const withoutFollowing = (found: readonly Diagnostic[], text: Text, errors: number): readonly Diagnostic[] => {
  const isOpen = (d: Diagnostic): boolean => d.code === 'iql.unknown-parameter-type';
  const open = found.filter(isOpen).length;
  if (open === 0 || open === errors) return found;
  const { count, at } = usesOf(text);
  return found.filter((d) => !isOpen(d) || count.get(at.get(d.span.start) ?? '') === 1);
};
