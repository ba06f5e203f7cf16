// What the check of a text shares with those of the views that it reads: one reporter, one size, one set of parameters.
import type { Dataset } from '../../schemas/types.ts';
import type { Text } from '../1-syntax/ast.ts';
import type { Diagnostic } from '../1-syntax/diagnostic.ts';
import type { Catalogue } from './catalogue.ts';
import type { CheckedInline } from './inline.ts';
import type { KnownQuery, PipeDefinition, Streaming } from './pipe.ts';
import type { CheckedRange } from './range.ts';
import { Reporter } from './report.ts';
import type { FunctionRegistry, ParameterUse } from './scope.ts';
import { TextSize } from './size.ts';
import type { Relation } from './type.ts';

/** How the planner makes the beginning of a plan; handed in. */
export interface SourcePlanner<Plan> {
  scan(dataset: Dataset, relation: Relation): Plan;
  inline(inline: CheckedInline): Plan;
  /** The plan with its sources' range replaced. */
  within(range: CheckedRange, plan: Plan): Plan;
}

export interface Language<Plan> {
  /** By its name as written; quantiles (`p95`) are one definition. */
  readonly pipe: (name: string) => PipeDefinition<Plan> | undefined;
  readonly functions: FunctionRegistry;
  readonly planner: SourcePlanner<Plan>;
}

export class Checking<Plan> {
  readonly language: Language<Plan>;
  readonly catalogue: Catalogue;
  readonly reporter = new Reporter();
  readonly size = new TextSize(this.reporter);
  /** Unknown fields of open datasets are errors. */
  strict: boolean;
  parameters = new Map<string, ParameterUse>();
  /** In the evidence and the actions of an alert: the row whose columns the parameters are. */
  row: Relation | undefined;
  /** Queries within each other that are being checked. */
  depth = 0;
  readonly streaming: { readonly pipe: string; readonly streaming: Streaming }[] = [];
  /** What views gave: each is checked once. */
  readonly views = new Map<string, KnownQuery<Plan>>();
  /** Views within each other that are being checked. */
  readonly open: string[] = [];
  readonly texts: Text[] = [];
  /** What the parser told of all texts. */
  readonly told: Diagnostic[] = [];

  constructor(language: Language<Plan>, catalogue: Catalogue, strict: boolean) {
    this.language = language;
    this.catalogue = catalogue;
    this.strict = strict;
  }
}
