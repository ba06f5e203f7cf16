// Union: rows of several inputs under one set of columns; one that an input lacks is missing there. Rows pass as they come.
import type { Union } from '../../3-plan/nodes.ts';
import { conform } from '../conform.ts';
import type { RunEnvironment } from '../environment.ts';
import { type Operator, stateless } from './operator.ts';

/** The operator of any of its inputs. */
export const unionOperator = (node: Union, env: RunEnvironment): Operator => stateless((batch) => conform(batch, node.columns, env));
