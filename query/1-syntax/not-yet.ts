// Words of the language that this version does not have: pipes, sources, functions, each with what to write instead where there is something.
// What has come is taken out here; a dataset, pipe or function that is there is never looked up.

const JOIN = '`lookup hosts on host` brings columns of the inventory, `where x in (from … | select x)` keeps rows that another query has';
const FIELDS = 'fields of JSON, logfmt and known formats are read as lines come in: name them as columns; else `set x = replace_regex(body, …)`';
const INVENTORY = '`from hosts` is the inventory that there is';
const HISTORY = '`from events` has what changed on hosts';

/** Names of pipes, several words with single spaces → what to write instead, or nothing. */
export const PIPES_NOT_YET: ReadonlyMap<string, string> = new Map([
  ...['join', 'inner join', 'left join', 'full join', 'asof join'].map((name): [string, string] => [name, JOIN]),
  ['semi join', '`where x in (from … | select x)` keeps rows that another query has'],
  ['anti join', '`where x not in (from … | select x)` keeps rows that another query lacks'],
  ['union', ''],
  ['sample', '`limit n` takes the newest'],
  ...['parse', 'extract', 'json', 'logfmt'].map((name): [string, string] => [name, FIELDS]),
  ['compare', 'ask a second time with `offset 1d` behind the source'],
  ['patterns', '`count by body | top 20 by count` counts equal messages'],
  ['facets', '`count by x` counts the values of a field'],
  ['describe', 'completion behind a `|` lists the columns; docs/iql.md describes the sources'],
  ['context', '`between @a and @b` behind the source, with the host and source of the line'],
  ['anomalies', '`where value > …` with a limit of your own'],
  ['forecast', ''],
  ['changepoints', ''],
  ['diff', ''],
  ['correlate', ''],
  ['run', ''],
  ['alert', ''],
]);

export const SOURCES_NOT_YET: ReadonlyMap<string, string> = new Map([
  ['services', '`from logs | count by service` has the services that write lines'],
  ['containers', INVENTORY],
  ['files', INVENTORY],
  ['alerts', HISTORY],
  ['notifications', HISTORY],
  ['actions', HISTORY],
  ['sessions', HISTORY],
  ['audit', HISTORY],
  ['live.processes', '`from processes last 1m | latest` is a few seconds old'],
  ['live.sockets', ''],
]);

export const FUNCTIONS_NOT_YET: ReadonlyMap<string, string> = new Map([
  ['deriv', '`delta` is the change in each bucket'],
  ...['prev', 'next', 'running_sum', 'row_number', 'changes', 'resets', 'flaps', 'present', 'share', 'time_to', 'histogram'].map((name): [string, string] => [
    name,
    '',
  ]),
]);
