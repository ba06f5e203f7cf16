// How the door is, in one line for people: how many series it keeps, who sends more of them, or names more hosts, metrics or labels, than it may, and whose data is the most.

import { sizeText } from '../core/size-text.ts';
import type { PartStatus } from '../graphql/service.ts';
import type { Door } from '../ingest/door.ts';
import type { ConnectionState } from './http/connections.ts';

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

/** The first of them by name, the others by their number. */
const named = <T>(all: readonly T[], text: (one: T) => string): string => {
  const others = all.length > MOST_NAMED ? [`${all.length - MOST_NAMED} ${all.length === MOST_NAMED + 1 ? 'sender' : 'senders'} more`] : [];
  return [...all.slice(0, MOST_NAMED).map(text), ...others].join('; ');
};

const overHosts = ({ sender, host, rows }: Door['state']['hosts']['over'][number]): string =>
  `${shownHost(sender)}${host === sender || host === '' ? '' : ` (host ${shownHost(host)})`}: ${rows} rows dropped`;

const overNames = ({ sender, host, metric, label, rows }: Door['state']['offenders'][number]): string => {
  const cause =
    metric === undefined ? '' : `, ${label === undefined ? `such as ${shownHost(metric)}` : `most of ${shownHost(metric)}, such as ${shownHost(label)}`}`;
  return `${overHosts({ sender, host, rows })}${cause}`;
};

const overBytes = ({ sender, host, bytes, limit }: Door['state']['overQuota'][number]): string =>
  `${shownHost(host === '' ? sender : host)} has sent ${sizeText(bytes)} within a day, ${sizeText(limit)} are allowed`;

/** Connections that were refused so long ago are nobody's trouble any more. */
const REFUSED_MS = 3_600_000;
/** From here on it is told. */
const MANY = 0.8;

const connectionTexts = ({ open, limit, refused, refusedAt }: ConnectionState, now: number): readonly string[] => {
  const recent = refusedAt !== undefined && now - refusedAt < REFUSED_MS;
  if (!recent && open < limit * MANY) return [];
  return [`${open} of ${limit} connections are open${recent ? `, ${refused} were refused; more are let in by limits.connections` : ''}`];
};

const clockText = ({ offset, agents, of }: NonNullable<Door['state']['clock']>): string => {
  const minutes = Math.round(Math.abs(offset) / 60_000);
  return `by ${agents} of ${of} agents the clock of this server is ${minutes} minutes ${offset > 0 ? 'behind' : 'ahead'}: what it would drop for that stays with them until it is set right`;
};

/** Whoever is over the limit of series or of bytes is named, with what is to be mended there. */
export const doorPart = (
  { series, bytes, volume, offenders, largest, hosts, names, overQuota, clock }: Door['state'],
  connections: ConnectionState,
  now: number,
): PartStatus => {
  const whole = largest === undefined ? [] : [`the limit of all senders together is reached, ${largest.sender} has most: ${largest.series}`];
  const over = offenders.length === 0 ? [] : [`over the limit of series: ${named(offenders, offence)}`];
  const fullHosts =
    hosts.largest === undefined
      ? []
      : [`the limit of hosts of all senders together is reached, ${shownHost(hosts.largest.sender)} has most: ${hosts.largest.hosts}`];
  const moreHosts = hosts.over.length === 0 ? [] : [`over the limit of hosts: ${named(hosts.over, overHosts)}`];
  const fullNames =
    names.largest === undefined
      ? []
      : [`the limit of metrics of all senders together is reached, ${shownHost(names.largest.sender)} has brought most: ${names.largest.metrics}`];
  const moreMetrics = names.metrics.length === 0 ? [] : [`over the limit of metrics: ${named(names.metrics, overNames)}`];
  const moreLabels = names.labels.length === 0 ? [] : [`over the limit of labels of a metric: ${named(names.labels, overNames)}`];
  const refused = overQuota.length === 0 ? [] : [`refused for now, their agents keep their data: ${named(overQuota, overBytes)}`];
  const found = [
    ...(clock === undefined ? [] : [clockText(clock)]),
    ...whole,
    ...over,
    ...fullHosts,
    ...moreHosts,
    ...fullNames,
    ...moreMetrics,
    ...moreLabels,
    ...refused,
    ...connectionTexts(connections, now),
  ];
  const most = volume === undefined ? [] : [`most within a day came of ${shownHost(volume.host)}, ${sizeText(volume.bytes)} of ${sizeText(volume.all)}`];
  return {
    name: 'door',
    state: found.length === 0 ? 'ok' : 'degraded',
    detail: [`${series} series within a day, ${bytes} bytes in hand`, ...most, ...found].join('; '),
  };
};
