// `inframirror replay --topic T --from PLACE`: has the running server read a topic of the stream again, or from where it is told to begin.
import { CodedError } from '../../core/errors.ts';
import { plain } from '../../core/plain.ts';
import { formatTime, parseTime } from '../../core/time.ts';
import { command, type Options } from './arguments.ts';
import { askServer, SERVER_OPTIONS, serverOf } from './ask-server.ts';
import { isWanted } from './confirm.ts';
import { writeOut } from './write-out.ts';

const OPTIONS: Options = {
  topic: { type: 'string', value: 'T', summary: 'im.metrics, im.logs, im.processes, im.jvm or im.events' },
  from: { type: 'string', value: 'PLACE', summary: 'earliest: all that is there; a time: what came then or later; a number: an offset of each partition' },
  'skip-unread': { type: 'boolean', summary: 'also where what was not read yet is passed over, and is then in no store' },
  yes: { type: 'boolean', summary: 'do not ask where that is so' },
  ...SERVER_OPTIONS,
};

const REPLAY = `mutation ($topic: String!, $offset: String, $time: Time, $skipUnread: Boolean) {
  replay(topic: $topic, offset: $offset, time: $time, skipUnread: $skipUnread) { group topic partition from messages skipped skippedFrom }
}`;
const PLAN = `query ($topic: String!, $offset: String, $time: Time) {
  replayPlan(topic: $topic, offset: $offset, time: $time) { group topic partition from messages skipped skippedFrom }
}`;

interface Part {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly from: string;
  readonly messages: number;
  /** Given up: those before `from`. */
  readonly skipped: number;
  readonly skippedFrom: string;
}

const counted = (count: number): string => `${count} ${count === 1 ? 'message' : 'messages'}`;

/** `58 messages of im.logs, partition 0, from offset 0 up to 58`. */
const skippedText = ({ topic, partition, from, skipped, skippedFrom }: Part): string =>
  `${counted(skipped)} of ${topic}, partition ${partition}, from offset ${skippedFrom} up to ${from}`;

/** Throws `command.usage`. */
const placeOf = (text: string): { readonly offset?: string; readonly time?: string } => {
  if (text === 'earliest') return {};
  if (/^\d{1,19}$/.test(text)) return { offset: text };
  const time = parseTime(text);
  if (time === undefined)
    throw new CodedError('command.usage', {
      problem: `--from ${JSON.stringify(text)} is neither earliest, nor an offset, nor a time such as 2026-11-20T10:00:00Z`,
    });
  return { time: formatTime(time) };
};

export const replay = (args: readonly string[]): Promise<number> =>
  command(
    args,
    'replay --topic T --from PLACE [OPTIONS]',
    'Has a topic of the stream read from another place: after a store was brought back from a copy, or where nothing tells how far it was read.\n' +
      'Of what is read again and stands already, processes, and log lines that no agent sent, stand twice; samples, other lines, hosts and events do not.',
    OPTIONS,
    0,
    async (read) => {
      const [topic, from] = [read.values.get('topic'), read.values.get('from')];
      if (topic === undefined || from === undefined) throw new CodedError('command.usage', { problem: 'replay needs --topic T and --from PLACE' });
      const [server, place, skipUnread] = [serverOf(read), { topic, ...placeOf(from) }, read.flags.has('skip-unread')];
      if (skipUnread) {
        const { replayPlan } = await askServer<{ readonly replayPlan: readonly Part[] }>(server, PLAN, place);
        const unread = replayPlan.filter(({ skipped }) => skipped > 0);
        const question = `Give up ${unread.map(skippedText).join('; ')}? No store has them, and none will.`;
        if (unread.length > 0 && !(await isWanted(read, question))) return 1;
      }
      const answer = await askServer<{ readonly replay: readonly Part[] }>(server, REPLAY, { ...place, skipUnread });
      for (const part of answer.replay) {
        const { group, topic: name, partition, from: offset, messages, skipped } = part;
        writeOut(`${plain(group)} reads ${plain(name)}, partition ${partition}, from offset ${plain(offset)}: ${counted(messages)}\n`);
        if (skipped > 0) writeOut(`  given up, and in no store: ${plain(skippedText(part))}\n`);
      }
      return 0;
    },
  );
