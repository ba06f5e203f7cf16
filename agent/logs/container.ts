// Lines that a container runtime wrapped: CRI's (https://kubernetes.io/docs/concepts/cluster-administration/logging/) and Docker's json-file.
// Finds what is in them, and whose they are by the names of their files. The runtime's time is taken: a container's clock has a zone of its own.
import type { Severity } from '../../schemas/catalogue.ts';
import { isoMoment } from './formats/moment.ts';

export interface Unwrapped {
  /** 0: stdout, 1: stderr. */
  stream: number;
  /** ns since 1970. */
  time: bigint | undefined;
  /** The line goes on with the next one of its stream. */
  partial: boolean;
  /** What was wrapped: these bytes of it. */
  bytes: Buffer;
  from: number;
  to: number;
}

const BLANK = 0x20;
const DOCKER = Buffer.from('{"log":"');

/** False for a line that is not wrapped. */
export const unwrap = (line: Buffer, from: number, to: number, into: Unwrapped): boolean => {
  if (line[from] === 0x7b) return line[from + 2] === 0x6c && line[from + 4] === 0x67 && docker(line, from, to, into);
  return line[from + 4] === 0x2d && line[from + 10] === 0x54 && cri(line, from, to, into);
};

/** `2026-11-20T10:00:00.123456789Z stdout F text` */
const cri = (line: Buffer, from: number, to: number, into: Unwrapped): boolean => {
  const space = line.indexOf(BLANK, from + 19);
  // ` stdout F ` and ` stderr P `: ten bytes.
  if (space === -1 || space > from + 36 || space + 9 > to || line[space + 1] !== 0x73 || line[space + 2] !== 0x74 || line[space + 3] !== 0x64) return false;
  const stream = line.toString('latin1', space + 1, space + 8);
  if (stream !== 'stdout ' && stream !== 'stderr ') return false;
  const tag = line[space + 8];
  if ((tag !== 0x46 && tag !== 0x50) || (space + 9 < to && line[space + 9] !== BLANK && line[space + 9] !== 0x3a)) return false;
  const time = isoMoment(line.toString('latin1', from, space));
  if (time === undefined) return false;
  const end = line.indexOf(BLANK, space + 9);
  into.stream = stream === 'stdout ' ? 0 : 1;
  into.time = time.time;
  into.partial = tag === 0x50;
  into.bytes = line;
  into.from = end === -1 || end >= to ? to : end + 1;
  into.to = to;
  return true;
};

/** `{"log":"text\n","stream":"stdout","time":"2026-11-20T10:00:00.123456789Z"}` */
const docker = (line: Buffer, from: number, to: number, into: Unwrapped): boolean => {
  if (DOCKER.compare(line, from, Math.min(to, from + DOCKER.length)) !== 0 || line[to - 1] !== 0x7d) return false;
  let value: { readonly log?: unknown; readonly stream?: unknown; readonly time?: unknown };
  try {
    value = JSON.parse(line.toString('utf8', from, to));
  } catch {
    return false;
  }
  const { log, stream, time } = value;
  if (typeof log !== 'string' || typeof time !== 'string' || (stream !== 'stdout' && stream !== 'stderr')) return false;
  const bytes = Buffer.from(log);
  const ended = bytes[bytes.length - 1] === 0x0a;
  into.stream = stream === 'stdout' ? 0 : 1;
  into.time = isoMoment(time)?.time;
  into.partial = !ended;
  into.bytes = bytes;
  into.from = 0;
  into.to = bytes.length - (ended ? 1 : 0);
  if (into.to > 0 && bytes[into.to - 1] === 0x0d) into.to--;
  return true;
};

/** Whose lines a file holds, by its name. */
export interface Origin {
  readonly service: string;
  /** `over`: it stands above one that the line tells. */
  readonly severity?: { readonly value: Severity; readonly over: boolean };
  readonly attributes: readonly (readonly [name: string, value: string | number])[];
}

/** `<pod>_<namespace>_<container>-<id>.log`, and `<namespace>_<pod>_<uid>/<container>/<n>.log`. */
const CONTAINERS = /\/containers\/([^/_]+)_([^/_]+)_([^/]+)-([0-9a-f]{64})\.log/;
const PODS = /\/pods\/([^/_]+)_([^/_]+)_[^/]+\/([^/]+)\/\d+\.log/;
const DOCKER_FILE = /^(.*\/containers\/([0-9a-f]{64}))\/\2-json\.log/;

/** `read` gives the text of a small file, for the name that Docker keeps beside a container's log. */
export const originOf = (path: string, read: (path: string) => string | undefined): Origin | undefined => {
  const [, pod, namespace, container, id] = CONTAINERS.exec(path) ?? [];
  if (pod !== undefined) return kubernetes(namespace as string, pod, container as string, id);
  const [, inNamespace, ofPod, name] = PODS.exec(path) ?? [];
  if (ofPod !== undefined) return kubernetes(inNamespace as string, ofPod, name as string, undefined);
  const [, folder, dockerId] = DOCKER_FILE.exec(path) ?? [];
  if (folder === undefined || dockerId === undefined) return undefined;
  const named = /"Name":"\/?([\w.-]{1,128})"/.exec(read(`${folder}/config.v2.json`) ?? '')?.[1];
  return { service: named ?? '', attributes: [['container.id', dockerId], ...(named === undefined ? [] : [['container.name', named] as const])] };
};

const kubernetes = (namespace: string, pod: string, container: string, id: string | undefined): Origin => ({
  service: container,
  attributes: [
    ['k8s.namespace.name', namespace],
    ['k8s.pod.name', pod],
    ['k8s.container.name', container],
    ...(id === undefined ? [] : [['container.id', id] as const]),
  ],
});
