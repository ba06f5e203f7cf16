// `inframirror stream groups` and `inframirror stream forget GROUP`: who reads the stream, who holds its room, and how one that is gone lets go.
import { CodedError } from '../../core/errors.ts';
import { plain } from '../../core/plain.ts';
import { sizeText } from '../../core/size-text.ts';
import { spanText } from '../span-text.ts';
import { command, suggestion } from './arguments.ts';
import { askServer, SERVER_OPTIONS, type ServerAddress, serverOf } from './ask-server.ts';
import { writeOut } from './write-out.ts';

const SPACE = `{ status { stream {
  bytes maxBytes
  groups { group topic waiting bytes oldestWaiting isJoined }
  topics { topic unread share pressure heldBy secondsLeft }
} } }`;

interface Space {
  readonly status: {
    readonly stream: {
      readonly bytes: number;
      readonly maxBytes: number;
      readonly groups: readonly {
        readonly group: string;
        readonly topic: string;
        readonly waiting: number;
        readonly bytes: number;
        readonly oldestWaiting: number | null;
        readonly isJoined: boolean;
      }[];
      readonly topics: readonly { readonly topic: string; readonly pressure: number; readonly heldBy: string | null; readonly secondsLeft: number | null }[];
    } | null;
  };
}

const span = (seconds: number | null): string => (seconds === null ? '-' : spanText(seconds));
const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Columns as wide as their widest word; the first `left` to the left, figures to the right. */
export const alignedLines = (rows: readonly (readonly string[])[], left: number): string => {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => (i < left ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
};

const groups = async (server: ServerAddress): Promise<number> => {
  const { stream } = (await askServer<Space>(server, SPACE, {})).status;
  if (stream === null) throw new CodedError('command.answer', { server: server.url, reason: 'its stream does not tell how full it is' });
  const head = ['GROUP', 'TOPIC', 'WAITING', 'HOLDS', 'OLDEST', 'PRESENT'];
  const rows = stream.groups.map((g) => [
    plain(g.group),
    plain(g.topic),
    String(g.waiting),
    sizeText(g.bytes),
    span(g.oldestWaiting),
    g.isJoined ? 'yes' : 'no',
  ]);
  writeOut(`${alignedLines([head, ...rows], 2)}\n`);
  const topics = stream.topics.map((t) => [plain(t.topic), plain(t.heldBy ?? '-'), percent(t.pressure), span(t.secondsLeft)]);
  writeOut(alignedLines([['TOPIC', 'HELD BY', 'FULL', 'CLOSES IN'], ...topics], 2));
  writeOut(`\n${sizeText(stream.bytes)} of ${sizeText(stream.maxBytes)}. At 80 % of a topic the door takes nothing more of it: agents keep their data.\n`);
  return 0;
};

const forget = async (server: ServerAddress, group: string): Promise<number> => {
  await askServer(server, 'mutation ($group: String!) { forgetGroup(group: $group) }', { group });
  writeOut(`${plain(group)} is forgotten: it holds no room any more. What only it had not read goes.\n`);
  return 0;
};

const ACTIONS = ['groups', 'forget'];

const problemOf = (action: string, given: string): string => {
  if (action === '') return 'say what of the stream: `stream groups`, or `stream forget GROUP`';
  return action === 'forget' ? 'name the group: stream forget GROUP' : `stream has no ${JSON.stringify(given)}${suggestion(action, ACTIONS)}`;
};

export const stream = (args: readonly string[]): Promise<number> =>
  command(
    args,
    'stream groups | stream forget GROUP [OPTIONS]',
    'Tells who reads the stream and who holds its room; `forget` lets go what a group that is gone has not read.',
    SERVER_OPTIONS,
    2,
    (read) => {
      const [action = '', group] = read.positionals;
      if (action === 'groups' && group === undefined) return groups(serverOf(read));
      if (action === 'forget' && group !== undefined) return forget(serverOf(read), group);
      throw new CodedError('command.usage', { problem: problemOf(action, read.positionals.join(' ')) });
    },
  );
