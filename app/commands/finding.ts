// One line of `inframirror doctor`: what was looked at, and how it is. An operator reads it at night, so that
// what is not well says what to do.
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  /** Of what is no failure, and yet to be looked at. */
  readonly isWarning?: boolean;
  /** How it stands, or what to do. */
  readonly detail: string;
}
