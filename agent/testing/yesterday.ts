// The day of log lines in tests that stand on the real clock: what is older than 30 days is left out, and what is ahead of now is put aside.
const day = new Date(Date.now() - 86_400_000);

/** As `2026-11-20`. */
export const YESTERDAY = day.toISOString().slice(0, 10);
const [, date = '', month = '', year = ''] = day.toUTCString().split(' ');
/** As syslog writes it (RFC 3164, section 4.1.2): `Nov 20`, `Nov  2`. */
export const YESTERDAY_OF_SYSLOG = `${month} ${date.replace(/^0/, ' ')}`;
/** As PHP writes it: `20-Nov-2026`. */
export const YESTERDAY_OF_PHP = `${date}-${month}-${year}`;
