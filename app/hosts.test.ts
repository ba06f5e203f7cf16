// The hosts are all that somebody may see, or an error: a list that is cut or half asked is none.
import { expect, test } from 'vitest';
import { codeOf } from '../engines/stream/testing/logs.ts';
import type { Diagnostic } from '../query/1-syntax/diagnostic.ts';
import { NOTHING_SHOWN, type QueryResult } from '../query/result.ts';
import type { CallerQueries } from '../query/service.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { readHosts } from './hosts.ts';

const column = (name: string, values: readonly (string | number)[]): QueryResult['columns'][number] => ({ name, type: 'string', unit: undefined, values });
const answer = (columns: QueryResult['columns'], over: Partial<QueryResult> = {}): QueryResult => ({
  ...NOTHING_SHOWN,
  columns,
  rowCount: columns[0]?.values.length ?? 0,
  completeUpTo: undefined,
  partial: [],
  diagnostics: [],
  stats: { elapsedMs: 0, rowsRead: 0, bytesRead: 0 },
  ...over,
});
const HOSTS = answer([column('host', ['a', 'b'])]);
const failed = (code: string): Partial<QueryResult> => ({ diagnostics: [{ severity: 'error', code, message: 'it failed' } as Diagnostic] });
const FAILED = failed('iql.failed');
const CUT = { truncated: { limit: 1, by: 'rows' } };

const asked = (hosts: QueryResult, figures: QueryResult): CallerQueries =>
  ({
    visible: async () => ({ datasets: DATASETS }),
    query: async (text: string) => (text.startsWith('from hosts') ? hosts : figures),
  }) as unknown as CallerQueries;

test('what fails or is cut is no list of hosts', async () => {
  expect((await readHosts(asked(HOSTS, answer([])))).map(({ host }) => host)).toEqual(['a', 'b']);
  expect(await codeOf(readHosts(asked({ ...HOSTS, ...FAILED }, answer([]))))).toBe('hosts.unread');
  expect(await codeOf(readHosts(asked({ ...HOSTS, ...CUT }, answer([]))))).toBe('hosts.too-many');
});

test('a figure is that of the host, none where no agent has sent it, and an error where it is not known', async () => {
  const figures = answer([column('host', ['b']), column('value', [7])]);
  const all = async (queries: CallerQueries): Promise<readonly unknown[]> =>
    Promise.all((await readHosts(queries)).map(({ figure }) => figure('waitingFrames').catch(({ code }: { code: string }) => code)));
  expect(await all(asked(HOSTS, figures))).toEqual([null, 7]);
  expect(await all(asked(HOSTS, answer([], failed('iql.unknown-source'))))).toEqual([null, null]);
  expect(await all(asked(HOSTS, { ...figures, ...FAILED }))).toEqual(['hosts.unread', 'hosts.unread']);
  expect(await all(asked(HOSTS, { ...figures, ...CUT }))).toEqual(['hosts.too-many', 'hosts.too-many']);
});
