// The lines of a comparison of log stores: JSON of services, 250 bytes on average, most with an id of 32 hexadecimal digits that stands once
// and with quotes within their message. The same as `loadgen logs` of the review gives its peers, but for their random numbers.

const APPS = ['checkout', 'payments', 'catalog', 'search', 'gateway', 'auth', 'inventory', 'shipping'];
const LEVELS = ['info', 'info', 'info', 'info', 'info', 'info', 'debug', 'debug', 'warn', 'error'];
const PATHS = ['/api/v1/orders', '/api/v1/cart', '/api/v1/users', '/api/v2/search', '/healthz', '/api/v1/items', '/login', '/api/v1/payments/authorize'];
const ERRORS = [
  'connection refused',
  'context deadline exceeded',
  'upstream timed out',
  'duplicate key value violates unique constraint',
  'broken pipe',
  'no space left on device',
];
const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT'];
const STATUS = [200, 200, 200, 201, 204, 301, 404, 500];

/** Stands in one line alone, a third of the way. */
export const NEEDLE = 'needle_zq81x77';

export class LineLoad {
  #state: number;

  constructor(seed = 7) {
    this.#state = seed;
  }

  #below(n: number): number {
    // https://en.wikipedia.org/wiki/Xorshift, 32 bits.
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return Math.floor((this.#state / 2 ** 32) * n);
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }

  #hex(digits: number): string {
    let out = '';
    while (out.length < digits)
      out += this.#below(2 ** 32)
        .toString(16)
        .padStart(8, '0');
    return out.slice(0, digits);
  }

  #message(level: string): string {
    switch (level) {
      case 'error':
        return `request failed: ${this.#one(ERRORS)} while calling ${this.#one(APPS)}.svc.cluster.local:8443 attempt=${1 + this.#below(5)} trace_id=${this.#hex(32)} user_id=${this.#below(100_000)} path=${this.#one(PATHS)} elapsed=${this.#below(30_000)}ms`;
      case 'warn':
        return `slow query took ${this.#below(9)}.${String(this.#below(1000)).padStart(3, '0')}s on db-${this.#below(12)}.internal table=${this.#one(['orders', 'users', 'items', 'ledger'])} rows=${this.#below(100_000)} conn_id=${this.#below(5000)} trace_id=${this.#hex(32)} retrying with backoff=${100 << this.#below(6)}ms`;
      case 'debug':
        return `cache ${this.#one(['hit', 'miss'])} key=session:${this.#hex(16)} shard=${this.#below(64)} ttl=${this.#below(3600)}s size=${this.#below(65_536)}B worker=${this.#below(32)} trace_id=${this.#hex(32)} goroutines=${this.#below(2000)} heap=${this.#below(900)}MiB`;
      default:
        return `10.${this.#below(4)}.${this.#below(256)}.${this.#below(256)} "${this.#one(METHODS)} ${this.#one(PATHS)}/${this.#below(1_000_000)} HTTP/1.1" ${this.#one(STATUS)} ${this.#below(50_000)} "Mozilla/5.0 (X11; Linux x86_64)" request_id=${this.#hex(8)} trace_id=${this.#hex(32)} duration=${this.#below(900)}.${this.#below(10)}ms`;
    }
  }

  /** The `i`-th of `count` lines of the hour before `end`, ms. */
  line(i: number, count: number, end: number): string {
    const app = this.#one(APPS);
    const level = this.#one(LEVELS);
    const message = this.#message(level) + (i === Math.floor(count / 3) ? ` ${NEEDLE}` : '');
    const micros = Math.floor((3_600_000_000 * i) / count);
    const at = new Date(end - 3_600_000 + Math.floor(micros / 1000)).toISOString();
    const time = `${at.slice(0, -1)}${String(micros % 1000).padStart(3, '0')}000Z`;
    return `{"time":"${time}","app":"${app}","host":"${app}-${this.#below(8)}","level":"${level}","msg":${JSON.stringify(message)}}`;
  }
}
