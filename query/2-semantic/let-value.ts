// `let` values in the expressions that use them. What a value means depends on the rows where it is used, so it is checked once for each
// of these. A value that holds an aggregate makes a column at each use, and one that leads back to itself means something else each time:
// these are checked at every use, within the bounds of `size.ts`.
import type { Expression, FunctionDefinition, Name } from '../1-syntax/ast.ts';
import type { Diagnostic } from '../1-syntax/diagnostic.ts';
import { isAggregateName } from './aggregate.ts';
import { namesIn } from './fn.ts';
import type { Lets, Scope } from './scope.ts';
import type { Typed } from './type.ts';

interface Known {
  readonly value: Typed | undefined;
  /** What was told first of it. */
  readonly told: Diagnostic | undefined;
}

/** The `let` values of one text. */
export class LetValues implements Lets {
  readonly #values: ReadonlyMap<string, Expression>;
  readonly #fns: ReadonlyMap<string, FunctionDefinition>;
  /** By the rows they are used on, then by name. */
  readonly #known = new WeakMap<object, Map<string, Known>>();
  readonly #plain = new Map<string, boolean>();

  constructor(values: ReadonlyMap<string, Expression>, fns: ReadonlyMap<string, FunctionDefinition>) {
    this.#values = values;
    this.#fns = fns;
  }

  at(scope: Scope, { name, span }: Name, value: Expression): Typed | undefined {
    if (!scope.size.mayExpand(scope.expanding.size, span)) return undefined;
    const inner: Scope = { ...scope, expanding: new Set([...scope.expanding, name]) };
    if (!this.#isPlain(scope, name)) return placed(scope.check(inner, value), span);
    const known = this.#known.get(scope.relation) ?? new Map<string, Known>();
    this.#known.set(scope.relation, known);
    const before = known.get(name);
    if (before?.told !== undefined) scope.reporter.again(before.told);
    if (before !== undefined) return placed(before.value, span);
    let found: Typed | undefined;
    const told = scope.reporter.firstOf(() => {
      found = scope.check(inner, value);
    });
    known.set(name, { value: found, told });
    return placed(found, span);
  }

  /** Whether it means the same wherever the same rows are. */
  #isPlain(scope: Scope, name: string): boolean {
    const known = this.#plain.get(name);
    if (known !== undefined) return known;
    const value = this.#values.get(name) ?? this.#fns.get(name)?.body;
    if (value === undefined) return !isAggregateName(scope, name);
    // While it is looked at: who meets it again leads back to it.
    this.#plain.set(name, false);
    let plain = true;
    const { names, calls } = namesIn(value);
    for (const used of [...names, ...calls]) if (!this.#isPlain(scope, used)) plain = false;
    this.#plain.set(name, plain);
    return plain;
  }
}

const placed = (t: Typed | undefined, span: Name['span']): Typed | undefined => t && { ...t, span };
