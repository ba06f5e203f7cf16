// How the door is, in one line for people: how many series it keeps, who sends more of them than it may, and whose data is the most.
import type { PartStatus } from '../graphql/service.ts';
import type { Door } from '../ingest/door.ts';
import { sizeText } from './stream-room.ts';

/** Named at most; more are said by their number. */
const MOST_NAMED = 3;
const MOST_SHOWN = 120;

const offence = ({ sender, host, metric, label, values, rows }: Door['state']['offenders'][number]): string => {
  const who = host === sender || host === '' ? sender : `${sender} (host ${host})`;
  const cause = label === undefined ? '' : `, label ${label} has some ${values} values more`;
  return `${who}: ${rows} rows dropped${metric === undefined ? '' : `, most series over it are of ${metric}${cause}`}`;
};

/** A sender chooses it. */
const shownHost = (host: string): string => (host.length > MOST_SHOWN ? `${host.slice(0, MOST_SHOWN).toWellFormed()}…` : host);

/** Whoever is over the limit of series is named, with what is to be mended there. */
export const doorPart = ({ series, bytes, volume, offenders, largest }: Door['state']): PartStatus => {
  const whole = largest === undefined ? [] : [`the limit of all senders together is reached, ${largest.sender} has most: ${largest.series}`];
  const named = offenders.slice(0, MOST_NAMED).map(offence);
  const others = offenders.length > MOST_NAMED ? [`${offenders.length - MOST_NAMED} ${offenders.length === MOST_NAMED + 1 ? 'sender' : 'senders'} more`] : [];
  const over = offenders.length === 0 ? [] : [`over the limit of series: ${[...named, ...others].join('; ')}`];
  const found = [...whole, ...over];
  const most = volume === undefined ? [] : [`most within a day came of ${shownHost(volume.host)}, ${sizeText(volume.bytes)} of ${sizeText(volume.all)}`];
  return {
    name: 'door',
    state: found.length === 0 ? 'ok' : 'degraded',
    detail: [`${series} series within a day, ${bytes} bytes in hand`, ...most, ...found].join('; '),
  };
};
