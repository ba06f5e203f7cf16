// What is wrong with settings: each problem with its place, all of them in one error.
import { CodedError } from '../../core/errors.ts';

export interface Problem {
  /** `FILE:LINE`, the name of a variable, or an option. */
  readonly place: string;
  readonly problem: string;
}

export class ConfigError extends CodedError<'config.wrong'> {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('config.wrong', { problems: problems.map(({ place, problem }) => `${place}: ${problem}`).join(' · ') });
    this.problems = problems;
  }
}
