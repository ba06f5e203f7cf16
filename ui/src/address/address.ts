// The state of the explorer as the part of the address behind `#`: it can be kept, sent, and walked with the browser's back.
// Behind `#`, so that texts stay out of access logs. Never throws: what cannot be read is the default.
import { DRAWINGS, type Drawing } from '../chart/drawing.ts';
import { VIEWS, type View } from '../result/views.ts';
import { DAYS, DEFAULT_RANGE, type Range, rangeBetween, spanMillis } from './range.ts';

/** `unknown`: the address names no page. */
export type Page = 'explore' | 'hosts' | 'host' | 'status' | 'agents' | 'letters' | 'learn' | 'errors' | 'unknown';
/** Parts of the page of one host. */
export const HOST_PARTS = ['overview', 'filesystems', 'processes', 'logs', 'events', 'inventory'] as const;
export type HostPart = (typeof HOST_PARTS)[number];
export const REFRESH_SECONDS = [0, 5, 10, 30, 60] as const;

/** What the pages of hosts keep: which ones are shown, in which order, and of one host its part. */
export interface HostsAddress {
  /** Of the page of one host. */
  readonly host: string;
  readonly part: HostPart;
  /** A condition of IQL over the dataset `hosts`; empty: all. */
  readonly where: string;
  /** A column, `-` before it where the largest comes first; empty: the order of the page. */
  readonly sort: string;
  /** `<pid> <start>` of a process that is opened; empty: none. */
  readonly process: string;
}

export const HOSTS_DEFAULT: HostsAddress = { host: '', part: 'overview', where: '', sort: '', process: '' };

export interface Address {
  readonly page: Page;
  /** The text that was run; empty is the first page. */
  readonly text: string;
  readonly range: Range;
  /** The only host that the first page is about; empty: all. */
  readonly on: string;
  /** undefined: chosen by the columns of the result. */
  readonly view: View | undefined;
  /** How lines are drawn; undefined: by what they are. */
  readonly draw: Drawing | undefined;
  /** A logarithmic value axis. */
  readonly log: boolean;
  /** Seconds between refreshes as chosen; 0 is by hand, undefined what the page does by itself. */
  readonly refresh: number | undefined;
  /** Fields shown beside log lines, or columns of a table, as they are written in a text; undefined: as the view has them by itself. */
  readonly columns: readonly string[] | undefined;
  readonly hosts: HostsAddress;
  /** The error code that the page of errors is opened at; empty: none. */
  readonly code: string;
  /** The saved query that the text was opened from, in the version that was seen; undefined: none. */
  readonly saved: { readonly name: string; readonly version: number } | undefined;
  /** Queries under the first one, on the same page and over the same time. */
  readonly more: readonly Panel[];
}

/** One query of the page: its text and how its answer is shown. */
export type Panel = Pick<Address, 'text' | 'view' | 'draw' | 'log' | 'columns' | 'saved'>;

/** The first counted. */
export const MOST_PANELS = 8;

/** Of an address: as many as an answer of many columns has. */
const MOST_COLUMNS = 400;

export const FIRST_PAGE: Address = {
  page: 'explore',
  text: '',
  range: DEFAULT_RANGE,
  on: '',
  view: undefined,
  draw: undefined,
  log: false,
  refresh: undefined,
  columns: undefined,
  hosts: HOSTS_DEFAULT,
  code: '',
  saved: undefined,
  more: [],
};

/** Whether the range of the top bar is that of the page. */
export const hasRange = (page: Page): boolean => page === 'explore' || page === 'hosts' || page === 'host' || page === 'learn';

/** The first page, hosts and the state of the product are alive by themselves. */
export const refreshSeconds = ({ refresh, text, page, more }: Pick<Address, 'refresh' | 'text' | 'page' | 'more'>): number =>
  refresh ?? ((page === 'explore' && (text !== '' || more.length > 0)) || page === 'learn' || page === 'errors' ? 0 : 10);

const HOSTS_KEYS = Object.keys(HOSTS_DEFAULT) as readonly (keyof HostsAddress)[];

/** `after`: what the names of its parameters end with, so that each query of a page has its own. */
const printPanel = (query: URLSearchParams, { text, view, draw, log, columns, saved }: Panel, after: string): void => {
  if (text !== '' || after !== '') query.set(`text${after}`, text);
  if (view !== undefined) query.set(`view${after}`, view);
  if (draw !== undefined) query.set(`draw${after}`, draw);
  if (log) query.set(`log${after}`, '1');
  if (columns !== undefined) for (const column of columns.length === 0 ? [''] : columns) query.append(`column${after}`, column);
  if (saved !== undefined) query.set(`saved${after}`, `${saved.name}@${saved.version}`);
};

export const printAddress = (address: Address): string => {
  const query = new URLSearchParams();
  printPanel(query, address, '');
  if (address.range.kind === 'absolute') {
    query.set('from', new Date(address.range.from).toISOString());
    query.set('to', new Date(address.range.to).toISOString());
  } else if (address.range.kind === 'day') {
    query.set('range', address.range.day);
  } else if (address.range.span !== (DEFAULT_RANGE as { span: string }).span) {
    query.set('range', address.range.span);
  }
  if (address.on !== '') query.set('on', address.on);
  if (address.refresh !== undefined) query.set('refresh', String(address.refresh));
  for (const name of HOSTS_KEYS) if (address.hosts[name] !== HOSTS_DEFAULT[name]) query.set(name, address.hosts[name]);
  if (address.code !== '') query.set('code', address.code);
  for (const [i, panel] of address.more.entries()) printPanel(query, panel, `.${i + 2}`);
  const text = query.toString();
  return `#/${address.page}${text === '' ? '' : `?${text}`}`;
};

const readRange = (query: URLSearchParams): Range => {
  const between = rangeBetween(Date.parse(query.get('from') ?? ''), Date.parse(query.get('to') ?? ''));
  if (between !== undefined) return between;
  const span = query.get('range') ?? '';
  const day = DAYS.find((name) => name === span);
  if (day !== undefined) return { kind: 'day', day };
  return spanMillis(span) === undefined ? DEFAULT_RANGE : { kind: 'relative', span };
};

const PAGES: readonly string[] = ['explore', 'hosts', 'host', 'status', 'agents', 'letters', 'learn', 'errors'] satisfies Page[];

/** Only an empty path is the first page: what is misspelt is told. */
const pageOf = (path: string, query: URLSearchParams): Page => {
  if (path === '') return 'explore';
  if (path === 'host' && (query.get('host') ?? '') === '') return 'hosts';
  return PAGES.includes(path) ? (path as Page) : 'unknown';
};

const readSaved = (kept: string | null): Address['saved'] => {
  const [, name, version] = /^([^@]+)@([1-9]\d{0,8})$/.exec(kept ?? '') ?? [];
  return name === undefined ? undefined : { name, version: Number(version) };
};

const readPanel = (query: URLSearchParams, after: string): Panel => {
  const columns = [...new Set(query.getAll(`column${after}`))].slice(0, MOST_COLUMNS);
  return {
    text: query.get(`text${after}`) ?? '',
    view: VIEWS.find((view) => view === query.get(`view${after}`)),
    draw: DRAWINGS.find((draw) => draw === query.get(`draw${after}`)),
    log: query.get(`log${after}`) === '1',
    columns: columns.length === 0 ? undefined : columns.filter((column) => column !== ''),
    saved: readSaved(query.get(`saved${after}`)),
  };
};

const readMore = (query: URLSearchParams): readonly Panel[] => {
  const more: Panel[] = [];
  for (let n = 2; n <= MOST_PANELS && query.has(`text.${n}`); n++) more.push(readPanel(query, `.${n}`));
  return more;
};

export const parseAddress = (hash: string): Address => {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const query = new URLSearchParams(search);
  const refresh = Number(query.get('refresh') ?? Number.NaN);
  return {
    page: pageOf(path, query),
    ...readPanel(query, ''),
    range: readRange(query),
    on: query.get('on') ?? '',
    refresh: (REFRESH_SECONDS as readonly number[]).includes(refresh) ? refresh : undefined,
    more: readMore(query),
    hosts: {
      host: query.get('host') ?? '',
      part: HOST_PARTS.find((part) => part === query.get('part')) ?? HOSTS_DEFAULT.part,
      where: query.get('where') ?? '',
      sort: query.get('sort') ?? '',
      process: query.get('process') ?? '',
    },
    code: query.get('code') ?? '',
  };
};

/** The page on one error of the catalogue. */
export const errorHref = (code: string): string => `#/errors?code=${encodeURIComponent(code)}`;
