// Right texts as users write them, for tests that change or cut them.

export const EXAMPLES: readonly string[] = [
  'from metrics.system.cpu.utilization | where datacenter == "fra1" | every 1m avg | max by host | where value > 90%',
  'from logs last 6h | search "connection refused" -healthcheck | every 5m count by service | compare 1d',
  'from processes last 5m | latest | top 5 by cpu per host | lookup hosts on host',
  'from combine(errors = (from metrics.http.errors | every 5m rate | sum by service), all = (from metrics.http.requests | every 5m rate | sum by service)) | set ratio = (errors ?? 0) / all | top 5 service by max(ratio)',
  'from hosts | anti join (from metrics.system.uptime last 5m) on host',
  'from jvm last 15m | latest | where heap.utilization > 85% | run jvm.heap_histogram(pid: $pid) in batches of 10% stop after 2 failures',
  'let busy = 85%\nlet web = (from hosts | where role == "web")\nfn error_ratio(s) = count(where s >= 500) / count()\nfrom web offset 1w | where cpu > busy',
  'data counter("By") delta [{time: @2026-11-20T10:00Z, host: "a", value: 1}, {time: @2026-11-20T10:01Z, start: @2026-11-20, stale: true}] last 5m | every 1m rate',
  'from logs between @2026-11-20 and now - 1h | where not exists trace_id and host not in ("a", "b") or body like "web-*" and x between 1 and 2 | join r = (from hosts | select host, os) on host, a == r.b within 30s',
  'from x | set a = case when b starts with "q" then -c[0] % 2 else if(d, 1_000, 1.5e3) end, m = {k: [1, 2], "l": p95 x} | select a, `job:rate 5m`',
  'from logs | search (a or b*) and not status:500 "c d" | every 1m p99.9 ms over 5m, sum(bytes where ok) by host, k = lower(service) | sort value desc, host',
  'from processes | latest | sum(memory where user != "root") by host, u = lower(user) // resident',
];
