// `inframirror dead list|show|replay|drop`: what no retry could save, seen, put on its way again after a mend, or done with.
import { CodedError } from '../../core/errors.ts';
import { plain, plainJson } from '../../core/plain.ts';
import { type Arguments, command, type Options, suggestion } from './arguments.ts';
import { askServer, SERVER_OPTIONS, type ServerAddress, serverOf } from './ask-server.ts';
import { isWanted } from './confirm.ts';
import { alignedLines } from './stream.ts';
import { writeOut } from './write-out.ts';

const OPTIONS: Options = {
  stage: { type: 'string', value: 'S', summary: 'only those of this stage: ingest, or `pipeline decode` and the like, as the list names it' },
  reason: { type: 'string', value: 'R', summary: 'only those for this reason, as the list names it' },
  topic: { type: 'string', value: 'T', summary: 'only those that were meant for this topic' },
  all: { type: 'boolean', summary: 'list: those too that were replayed or dropped' },
  limit: { type: 'string', value: 'N', summary: 'list: so many letters at most, the oldest (default 20, at most 1000)' },
  json: { type: 'boolean', summary: 'list and show: as JSON' },
  yes: { type: 'boolean', summary: 'replay and drop: do not ask' },
  ...SERVER_OPTIONS,
};
const ACTIONS = ['list', 'show', 'replay', 'drop'];

interface Letter {
  readonly id: string;
  readonly state: string;
  readonly buried: string;
  readonly stage: string;
  readonly reason: string;
  readonly topic: string;
  readonly schema: string;
  readonly sender: string;
  readonly rows: number;
  readonly bytes: number;
  readonly error: string;
}

interface Letters {
  readonly groups: readonly (Pick<Letter, 'stage' | 'reason' | 'topic' | 'schema' | 'rows'> & { readonly letters: number; readonly since: string })[];
  readonly letters: readonly Letter[];
}

const LETTER = 'id state buried stage reason topic schema sender rows bytes error';
const LIST = `query ($stage: String, $reason: String, $topic: String, $all: Boolean, $limit: Int) {
  deadLetters(stage: $stage, reason: $reason, topic: $topic, all: $all, limit: $limit) { groups { stage reason topic schema letters rows since } letters { ${LETTER} } }
}`;
const SHOW = `query ($id: String!) { deadLetter(id: $id) { letter { ${LETTER} } headers content } }`;
const CHOSEN = '($ids: [String!], $stage: String, $reason: String, $topic: String)';
const GIVEN = '(ids: $ids, stage: $stage, reason: $reason, topic: $topic)';
const REPLAY = `mutation ${CHOSEN} { replayLetters${GIVEN} { replayed droppedRows isMore refused { id reason } } }`;
const DROP = `mutation ${CHOSEN} { dropLetters${GIVEN} }`;

type Variables = Readonly<Record<string, unknown>>;

const filterOf = (read: Arguments): Variables =>
  Object.fromEntries(['stage', 'reason', 'topic'].flatMap((name) => (read.values.has(name) ? [[name, read.values.get(name)]] : [])));

const lettersOf = async (server: ServerAddress, variables: Variables): Promise<Letters> =>
  (await askServer<{ readonly deadLetters: Letters }>(server, LIST, variables)).deadLetters;

const asJson = (value: unknown): void => writeOut(`${plainJson(JSON.stringify(value, undefined, 2))}\n`);

const counted = (count: number): string => `${count} ${count === 1 ? 'letter' : 'letters'}`;

/** Of none that fits, what waits all the same: a word that is mistyped looks like none at all else. Returns whether any does. */
const tellNone = async (server: ServerAddress, read: Arguments): Promise<boolean> => {
  const filter = filterOf(read);
  const { groups } = Object.keys(filter).length === 0 ? { groups: [] } : await lettersOf(server, { limit: 0 });
  if (groups.length === 0) writeOut('no dead letters\n');
  else {
    const total = groups.reduce((sum, { letters }) => sum + letters, 0);
    writeOut(`none fits; ${total} ${total === 1 ? 'waits' : 'wait'}:\n`);
    for (const { stage, reason, topic, letters } of groups) writeOut(`  ${letters} of stage ${plain(stage)}, reason ${plain(reason)}, topic ${plain(topic)}\n`);
  }
  return groups.length > 0;
};

const list = async (server: ServerAddress, read: Arguments): Promise<number> => {
  const text = read.values.get('limit') ?? '20';
  if (!/^\d{1,4}$/.test(text) || Number(text) > 1000)
    throw new CodedError('command.usage', { problem: `--limit ${JSON.stringify(text)} is no number up to 1000` });
  const found = await lettersOf(server, { ...filterOf(read), all: read.flags.has('all'), limit: Number(text) });
  if (read.flags.has('json')) {
    asJson(found);
    return 0;
  }
  if (found.groups.length === 0) {
    await tellNone(server, read);
    return 0;
  }
  if (read.flags.has('all')) writeOut('All that the stream still has, those too that were replayed or dropped:\n\n');
  const kinds = found.groups.map((g) => [g.stage, g.reason, g.topic, g.schema, String(g.letters), String(g.rows), g.since].map(plain));
  writeOut(`${alignedLines([['STAGE', 'REASON', 'TOPIC', 'SCHEMA', 'LETTERS', 'ROWS', 'SINCE'], ...kinds], 4)}\n`);
  const rows = found.letters.map((l) => [l.id, l.state, l.buried, l.stage, l.sender, l.error.slice(0, 100)].map(plain));
  writeOut(alignedLines([['ID', 'STATE', 'SINCE', 'STAGE', 'SENDER', 'ERROR'], ...rows], 6));
  const total = found.groups.reduce((sum, { letters }) => sum + letters, 0);
  if (total > found.letters.length) writeOut(`\nThe oldest ${found.letters.length} of ${total}; --limit shows more.\n`);
  return 0;
};

const show = async (server: ServerAddress, read: Arguments, id: string): Promise<number> => {
  const { deadLetter } = await askServer<{
    readonly deadLetter: { readonly letter: Letter; readonly headers: Readonly<Record<string, string>>; readonly content: readonly unknown[] | null };
  }>(server, SHOW, { id });
  if (read.flags.has('json')) {
    asJson(deadLetter);
    return 0;
  }
  const { letter, headers, content } = deadLetter;
  const own = Object.entries(letter).map(([name, value]) => [name, plain(String(value))]);
  const more = Object.entries(headers).filter(([name]) => !Object.hasOwn(letter, name));
  writeOut(alignedLines([...own, ...more.map(([name, value]) => [plain(name), plain(value)])], 2));
  if (content === null) writeOut('\nIts rows cannot be read by this version.\n');
  else writeOut(`\n${content.map((row) => plainJson(JSON.stringify(row))).join('\n')}\n`);
  if (content !== null && letter.rows > content.length) writeOut(`The first ${content.length} of ${letter.rows} rows.\n`);
  return 0;
};

/** Of those named. */
const doneBefore = (ids: readonly string[], now: number): string => {
  const before = new Set(ids).size - now;
  return ids.length > 0 && before > 0 ? `; ${before} of those named ${before === 1 ? 'was' : 'were'} done with before` : '';
};

const change = async (server: ServerAddress, read: Arguments, action: 'replay' | 'drop', ids: readonly string[]): Promise<number> => {
  const chosen = ids.length > 0 ? { ids } : filterOf(read);
  const count = ids.length > 0 ? new Set(ids).size : (await lettersOf(server, { ...chosen, limit: 0 })).groups.reduce((sum, { letters }) => sum + letters, 0);
  if (count === 0) {
    const waits = await tellNone(server, read);
    return waits ? 1 : 0;
  }
  const question = action === 'replay' ? `Put ${counted(count)} on their way again?` : `Drop ${counted(count)}? Nobody is told of them any more.`;
  if (!(await isWanted(read, question))) return 1;
  if (action === 'drop') {
    const { dropLetters } = await askServer<{ readonly dropLetters: number }>(server, DROP, chosen);
    writeOut(`${counted(dropLetters)} dropped${doneBefore(ids, dropLetters)}\n`);
    return 0;
  }
  const { replayLetters: done } = await askServer<{
    readonly replayLetters: {
      readonly replayed: number;
      readonly droppedRows: number;
      readonly isMore: boolean;
      readonly refused: readonly { readonly id: string; readonly reason: string }[];
    };
  }>(server, REPLAY, chosen);
  writeOut(`${counted(done.replayed)} put on their way${doneBefore(ids, done.replayed + done.refused.length)}\n`);
  if (done.droppedRows > 0) writeOut(`${done.droppedRows} rows of them were dropped at the door, as they are too old or of too many series by now\n`);
  for (const { reason } of done.refused) writeOut(`${plain(reason)}\n`);
  if (done.isMore) writeOut('More wait: run it again.\n');
  return done.refused.length === 0 ? 0 : 1;
};

export const dead = (args: readonly string[]): Promise<number> =>
  command(
    args,
    'dead list | dead show ID | dead replay [ID …] | dead drop [ID …] [OPTIONS]',
    'Dead letters: what no retry could save, kept by the stream for 14 days. `replay` puts them on their way again after a mend, once however often it is called;\n' +
      '`drop` has nobody told of them any more. Without ID both take all that wait and fit the options; where one that is named is not there, nothing is done.',
    OPTIONS,
    1000,
    (read) => {
      const [action = '', ...ids] = read.positionals;
      const [id] = ids;
      if (action === 'list' && id === undefined) return list(serverOf(read), read);
      if (action === 'show' && id !== undefined && ids.length === 1) return show(serverOf(read), read, id);
      if (action === 'replay' || action === 'drop') return change(serverOf(read), read, action, ids);
      if (action === '') throw new CodedError('command.usage', { problem: 'say what of the dead letters: dead list, dead show ID, dead replay or dead drop' });
      const problem =
        action === 'show' ? 'name one letter: dead show ID' : `dead has no ${JSON.stringify(read.positionals.join(' '))}${suggestion(action, ACTIONS)}`;
      throw new CodedError('command.usage', { problem });
    },
  );
