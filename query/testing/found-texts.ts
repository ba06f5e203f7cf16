// Texts that once had two answers, each with what it showed. Run before the random ones.

export const FOUND: readonly (readonly [string, string])[] = [
  ['an alias stood in for the table’s own time', 'from metrics.http.latency last 2d'],
  ['a join kept one sample a series', 'from metrics.system.cpu.utilization'],
  ['two columns named time', 'from metrics.system.network.io | every 1m last(time)'],
  ['two hidden columns of one name', 'from logs offset 1h | top 3 by duration_ms | top 3 by duration_ms'],
  ['attributes after their map was renamed', 'from logs | rename numbers as renamed0 | summarize avg(duration_ms)'],
  ['nothing gave 0 where missing was meant', 'from metrics.odd.values last 1h | where value > 1e309 / 1e10 | summarize agg0 = any(time), agg1 = min(time)'],
  ['a label that is aggregated was joined too late', 'from metrics.http.latency offset 1h | every 1m sum(value), agg0 = first(route)'],
  ['an aggregate within an aggregate', 'from metrics.empty.metric | sort time | every 1m count(where host == "web-1")'],
  ['an aggregate was cut that decides on rows', 'from metrics.system.cpu.utilization | every 1m stddev(value), agg0 = variance(value) | count'],
  ['0 and −0 were two keys', 'from metrics.odd.values last 20m | distinct time, value'],
  ['text that is no level stood among the missing', 'from logs | count by severity, time'],
  ['a key named time after distinct', 'from metrics.system.network.io last 1h | distinct time | every 1m count()'],
  ['a range without a moment', 'from metrics.system.network.io between @2026-10-25T01:00:00Z and @2026-10-25T01:00:00Z | every all rate over 5m'],
  ['the last of rows of one time', 'from processes last 1h | last pid'],
  [
    'a value set anew that another value speaks of',
    'from processes last 1h | set memory = memory * 2, cpu = cpu + 1 | select cpu = memory / 1KiB, memory = cpu',
  ],
  ['bits of one column spoiled by another', 'from metrics.system.cpu.utilization | every 1m avg(value) | set x0 = substring(datacenter, -2) == region'],
  [
    'a map of all buckets in every row',
    'from logs between @2026-10-25[Europe/Berlin] and @2026-10-26[Europe/Berlin] | every 1m avg(duration_ms) over 1d by path',
  ],
  [
    'a carried column without a key',
    'from metrics.http.requests | summarize agg0 = last(time) by time | select agg0, y = "web-1", time | every 1m count(agg0) over 5m',
  ],
  ['numbers joined to text', 'from processes | set x0 = concat(pid, host)'],
  ['a low-cardinality column read askew', 'from logs offset 1h | set x0 = if(service matches r"^web" or severity > source, duration_ms, 1)'],
  ['labels that have the names of columns of the store', 'from metrics.odd.values last 1h | max by `__proto__`, text'],
  // The text index alone decides of words in ASCII.
  ['a part of a word with other letters', 'from logs | search na or stra or ve | count'],
  ['lines without a word', 'from logs | search -refused -"connection timeout" | every 5m count by severity'],
  ['words beside signs and other letters', 'from logs | where body has "error 5" or not (body has "x y" and body has "ok") | count by service'],
  ['words of both kinds', 'from logs | search "connection refused" or straße or -naïve or tim* | count by host'],
  ['rows without the counter’s value were lost to the others', 'from processes | every 1m delta(io.read), agg0 = avg(pid where time != @2026-10-25T01:00:00Z)'],
  ['a delta beside others, over longer windows', 'from processes | every 1m delta(io.read) over 3m, agg0 = count(), last(name)'],
  [
    'an aggregate of a column whose name a key took',
    'from metrics.system.cpu.utilization | every 1m max | distinct cpu, k1 = cpu, time | summarize count(), agg0 = values(k1) by cpu, k1 = 1',
  ],
  ['the same over time, with time', 'from logs | every 1m n = count(), a = values(severity where severity != "info") by severity = host, body = 1'],
  ['a share between two ranks to the last digit', 'from metrics.system.cpu.utilization | every 1m p99.9 | set x0 = duration(value)'],
  ['a logarithm to the last digit', 'from metrics.system.cpu.utilization | set x1 = text(ln(value)), x2 = text(log10(value)), x3 = text(log2(value))'],
];
