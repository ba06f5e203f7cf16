// A column of an answer as the server told it, before it is written out.
export interface ShownColumn {
  readonly name: string;
  readonly type: string;
  readonly unit: string | null;
  readonly values: readonly unknown[];
}
