// Lines made to be expensive: of the beginning of each form that is looked for, again and again, up to the longest line. Eight times the line
// may cost about eight times as many steps, not 64 times.
import { describe, expect, test } from 'vitest';
import { MOST_LINE } from '../logs/line.ts';
import { stepsOf } from '../testing/steps.ts';
import { Mask, newMaskState } from './mask.ts';
import { Suspects } from './suspects.ts';

const NAMES = ['pass', 'pwd', 'secret', 'api key', 'access_key', 'private-key', 'credentials', 'authorization', 'cookie'];
const BEHIND = ['', ' ', '=', ': ', '="', '=\\"', "='", ' "', '-', '/', '(', '=a,', '=<', ' for a ', '=bearer '];
const BEFORE = ['--', '<', '&lt;', '\\u003c', '"', 'unexpected ', 'k=', 'id: ', '"name":"', '{value="a ', '{"value":\\"'];
const SEVERAL = [
  '[',
  '{',
  '["',
  '{"',
  "['",
  '["a",',
  '{value:',
  '{"value":',
  '{"value":["',
  '[[',
  '[\\"',
  '%3D',
  '%3D%',
  '\\u003d',
  '\t',
  '\t"',
  ':\n ',
  ': |\n ',
  ':\n- ',
];
const PIECES = [
  ...SEVERAL.flatMap((behind) => ['password', 'token:', 'secret='].map((name) => name + behind)),
  ...['http://', 'https://a', 'https://a1:', 'https://a1@', 'https://$', 'https://a1:@'],
  ...NAMES.flatMap((name) => ['', ' ', '=', '="'].map((behind) => name + behind)),
  ...['password', 'token', 'identified by'].flatMap((name) => BEHIND.map((behind) => name + behind)),
  ...BEFORE.flatMap((before) => [' ', '>', '"', '&gt;', '><![CDATA[', ' a="'].map((behind) => `${before}token${behind}`)),
  ...['identified ', 'identified with x ', 'grant identified by x;', "password ''", 'bearer ', 'basic abcdefg ', 'unexpected ', 'value=', '{"value":"'],
  ...['://', '://:', '://a:', '://a:b', '://a:/', '://a:1/', '://a:@', '://a:b "@', '-----BEGIN ', '-----BEGIN X PRIVATE KEY-----', '-----END '],
  ...['AKIA', 'ghp_', 'github_pat_', 'glpat-', 'xoxb-', 'sk_live_', 'AIza', 'npm_', 'ij1.', 'eyJ', 'eyJ-', 'eyJaaaaaaaa.', '.eyJaaaaaaaa'],
  ...[
    'mysql',
    'mysql -p',
    'mysql -p"',
    'mariadb-',
    'curl ',
    'curl -u',
    'curl -u"a',
    "curl -u'",
    'curl -ssssssss',
    'sshpass -p',
    'redis-cli -a ',
    'ldapsearch -w',
  ],
  ...['\\', '"', "'", '\\"', '<', '&lt;', '{', '-', ' ', ',', '*'],
];
const SMALL = MOST_LINE / 8;
/** Of eight times the line; its square would be 64. */
const MOST_GROWTH = 10;

const mask = new Mask(true, []);
const suspects = new Suspects();
const filled = (piece: string, length: number): string => piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

const costOf = (text: string, keyLines: number): number => {
  const bytes = Buffer.from(text);
  suspects.scan(bytes);
  const isClean = !suspects.isIn(0, bytes.length);
  return bytes.length + stepsOf(() => void mask.line(text, { ...newMaskState(), keyLines }, isClean));
};

const growthOf = (line: (length: number) => string, keyLines = 0): number => costOf(line(MOST_LINE), keyLines) / costOf(line(SMALL), keyLines);

describe('the cost of a line grows with its length alone', () => {
  test.each(['', ' '])('of each beginning, followed by %j', (behind) => {
    const over = PIECES.map((piece) => [piece, growthOf((length) => filled(piece + behind, length))] as const).filter(([, growth]) => growth >= MOST_GROWTH);
    expect(over).toEqual([]);
  });

  test('where it may be one of a private key', () => {
    for (const line of [(length: number) => ' '.repeat(length), (length: number) => `${' '.repeat(length)}!`, (length: number) => filled("'AAAA", length)])
      expect(growthOf(line, 9)).toBeLessThan(MOST_GROWTH);
  });
});
