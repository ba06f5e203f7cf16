// `inframirror audit`: who did what on this platform, asked of the running server; it changes nothing.
import { CodedError } from '../../core/errors.ts';
import { plain, plainJson } from '../../core/plain.ts';
import { formatTime } from '../../core/time.ts';
import { command, type Options } from './arguments.ts';
import { askServer, SERVER_OPTIONS, serverOf } from './ask-server.ts';
import { momentOf } from './moment.ts';
import { alignedLines } from './stream.ts';
import { writeOut } from './write-out.ts';

const OPTIONS: Options = {
  since: { type: 'string', value: 'TIME', summary: 'from then on: ISO time, or 15m, 6h, 2d before now (default: all that is kept)' },
  until: { type: 'string', value: 'TIME', summary: 'before then (default: now)' },
  actor: {
    type: 'string',
    value: 'NAME',
    summary:
      'who did it, as the list names it: admin (who has the token, also who signs in with it), session (somebody in the explorer), agent (one that was refused), token for all of `token ID` (who joined with it), server or inframirror (it did it by itself), else a user of the machine (accept-loss)',
  },
  action: { type: 'string', value: 'WHAT', summary: 'what was done: agent.revoke, or agent for all that begins with agent.' },
  about: {
    type: 'string',
    value: 'NAME',
    summary: 'what happened to it: a host, the id of an agent or a token, a group, a topic, a folder, as the detail names it',
  },
  limit: { type: 'string', value: 'N', summary: 'so many at most, the newest (default 100, at most 10000)' },
  json: { type: 'boolean', summary: 'as JSON, one object a line' },
  ...SERVER_OPTIONS,
};

interface Entry {
  readonly id: string;
  readonly time: string;
  readonly who: string;
  readonly what: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

const ASK = `query ($since: Time, $until: Time, $who: String, $what: String, $about: String, $limit: Int) {
  audit(since: $since, until: $until, who: $who, what: $what, about: $about, limit: $limit) { entries { id time who what detail } isMore }
}`;

const detailText = (detail: Entry['detail']): string =>
  Object.entries(detail)
    .map(([name, value]) => `${name}=${typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`)
    .join(' ');

export const audit = (args: readonly string[]): Promise<number> =>
  command(
    args,
    'audit [OPTIONS]',
    'Says who did what on this platform, the newest last: tokens, joins and refusals of agents, sign-ins, saved queries, replays, dead letters,\n' +
      'backups, lost stores, data that was removed for room. What was tried and failed has a second line with `failed`.',
    OPTIONS,
    0,
    async (read) => {
      const now = BigInt(Date.now()) * 1_000_000n;
      const [since, until] = [momentOf(read, 'since', now), momentOf(read, 'until', now)];
      if (since !== undefined && until !== undefined && since >= until) throw new CodedError('command.usage', { problem: '--since is not before --until' });
      const limit = read.values.get('limit') ?? '100';
      if (!/^\d{1,5}$/.test(limit) || Number(limit) < 1 || Number(limit) > 10_000)
        throw new CodedError('command.usage', { problem: `--limit ${JSON.stringify(limit)} is no number from 1 to 10000` });
      const { audit: page } = await askServer<{ readonly audit: { readonly entries: readonly Entry[]; readonly isMore: boolean } }>(serverOf(read), ASK, {
        ...(since === undefined ? {} : { since: formatTime(since) }),
        ...(until === undefined ? {} : { until: formatTime(until) }),
        who: read.values.get('actor'),
        what: read.values.get('action'),
        about: read.values.get('about'),
        limit: Number(limit),
      });
      const entries = page.entries.toReversed();
      if (read.flags.has('json')) writeOut(entries.map((entry) => `${plainJson(JSON.stringify(entry))}\n`).join(''));
      else if (entries.length > 0) {
        const rows = entries.map(({ time, who, what, detail }) => [time, who, what, detailText(detail)].map(plain));
        writeOut(alignedLines([['TIME', 'WHO', 'WHAT', 'DETAIL'], ...rows], 4));
      }
      if (entries.length === 0) process.stderr.write('nothing fits\n');
      if (page.isMore) process.stderr.write(`the newest ${entries.length}; --limit shows more, --since and --until other times\n`);
      return 0;
    },
  );
