// Lines of web servers: the common and the combined log format (https://httpd.apache.org/docs/current/logs.html#accesslog).
import { moment, monthOf } from './moment.ts';
import { type LineFormat, setNumber, setText } from './parsed-line.ts';

const LINE =
  /^(\S{1,256}) \S{1,64} (\S{1,256}) \[(\d{2})\/([A-Za-z]{3})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-]\d{4})\] "([^"\\]*(?:\\.[^"\\]*)*)" (\d{3}) (\d+|-)(?: "([^"\\]*(?:\\.[^"\\]*)*)" "([^"\\]*(?:\\.[^"\\]*)*)")?/;

export const commonLog: LineFormat = (line, into) => {
  const m = LINE.exec(line);
  if (m === null) return false;
  const time = moment(Number(m[5]), monthOf(m[4] as string), Number(m[3]), Number(m[6]), Number(m[7]), Number(m[8]), '', m[9]);
  if (time === undefined) return false;
  into.time = time;
  const status = Number(m[11]);
  into.severity = status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info';
  const given = (value: string | undefined): string | undefined => (value === '-' ? undefined : value);
  setText(into, 'client', given(m[1]));
  setText(into, 'user', given(m[2]));
  const [method, path, protocol] = (m[10] as string).split(' ');
  if (path !== undefined) {
    setText(into, 'method', method);
    setText(into, 'path', path);
    setText(into, 'protocol', protocol);
  }
  setNumber(into, 'status', status);
  if (m[12] !== '-') setNumber(into, 'bytes', Number(m[12]));
  setText(into, 'referrer', given(m[13]));
  setText(into, 'user_agent', given(m[14]));
  return true;
};
