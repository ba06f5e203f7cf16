// What is masked and what is left, by examples as programs write them, and by fuzz: a planted secret never comes through, the rest always does.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Mask, type MaskState, newMaskState } from './mask.ts';
import { OwnRule, ownRuleOffence } from './own-rule.ts';
import { Suspects } from './suspects.ts';

const mask = new Mask(true, []);
const line = (text: string): string => mask.line(text, newMaskState());

describe('a line', () => {
  test.each([
    ['user=bob password=hunter2 ok', 'user=bob password=*** ok'],
    ['DB_PASSWORD: "a b\\"c" next', 'DB_PASSWORD: "***" next'],
    ["config {'apiKey': 'x y', 'port': 8080}", "config {'apiKey': '***', 'port': 8080}"],
    ['{"user":"bob","password":"hun\\"ter2","n":1}', '{"user":"bob","password":"***","n":1}'],
    ['{"pin_token":123456,"token_count":123456}', '{"pin_token":"***","token_count":123456}'],
    ['{"token":123456,"n":1}', '{"token":"***","n":1}'],
    ['{"msg":"body {\\"client_secret\\":\\"s3cr3t\\",\\"a\\":1}"}', '{"msg":"body {\\"client_secret\\":\\"***\\",\\"a\\":1}"}'],
    ['{"msg":"login {\\"token\\":12345678}"}', '{"msg":"login {\\"token\\":\\"***\\"}"}'],
    ['GET /cb?access_token=abc.def-g&state=5 HTTP/1.1', 'GET /cb?access_token=***&state=5 HTTP/1.1'],
    ['Authorization: Bearer abcdefgh', 'Authorization: Bearer ***'],
    ['authorization: Basic dXNlcjpwYXNz', 'authorization: Basic ***'],
    ["-H 'Authorization: Bearer 0123abcdefgh' -v", "-H 'Authorization: Bearer ***' -v"],
    ['sent bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_DEF-1 away', 'sent bearer *** away'],
    ['cookie is set-cookie: sid=abc; theme=dark', 'cookie is set-cookie: ***'],
    ['connect to postgres://app:s3c:r3t@db:5432/x?ssl=1', 'connect to postgres://app:***@db:5432/x?ssl=1'],
    ['redis://:pw@cache', 'redis://:***@cache'],
    ['key AKIAIOSFODNN7EXAMPLE used', 'key *** used'],
    ['inframirror agent --join ij1.AbCdEfGhIjKlMnOpQrStUvWxYz0123456789', 'inframirror agent --join ***'],
    ['aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'aws_secret_access_key = ***'],
    [`pushed with ghp_${'a1'.repeat(18)}`, 'pushed with ***'],
    ['ran tool --db-password s3cr3t --port 5', 'ran tool --db-password *** --port 5'],
    ['secret => "x", next', 'secret => "***", next'],
    ['x-api-key: 0a1b2c', 'x-api-key: ***'],
    [
      'key\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabcd==\n-----END RSA PRIVATE KEY-----\nend',
      'key\n-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\nend',
    ],
    ['{"key":"-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----"}', '{"key":"-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----"}'],
    ['password="never ends', 'password="***'],
    ['sudo: root : PWD=/root ; COMMAND=/usr/bin/mysql -uroot -phunter2Xy app', 'sudo: root : PWD=/root ; COMMAND=/usr/bin/mysql -uroot -p*** app'],
    ['CRON[12]: (root) CMD (curl -s -u backup:hunter2Xy https://b/up)', 'CRON[12]: (root) CMD (curl -s -u *** https://b/up)'],
    ['COMMAND=/usr/bin/curl -uadmin:hunter2Xy http://x', 'COMMAND=/usr/bin/curl -u*** http://x'],
    ["ran curl --user='a:b c' -v x | mysqldump '-x' -p\"a b\" db", "ran curl --user=*** -v x | mysqldump '-x' -p*** db"],
    ['sshpass -p hunter2 ssh h mysql -phunter2', 'sshpass -p*** ssh h mysql -p***'.replace('-p***', '-p ***')],
    ['<conf><user>bob</user><password>hunter2</password></conf>', '<conf><user>bob</user><password>***</password></conf>'],
    ['<db:Password type="plain">a b</db:Password> <n>1</n>', '<db:Password type="plain">***</db:Password> <n>1</n>'],
    ['<apiKey><![CDATA[a&b]]></apiKey>', '<apiKey><![CDATA[***]]></apiKey>'],
    [
      '{"msg":"\\u003ctoken\\u003eabc\\u003c/token\\u003e &lt;secret&gt;x&lt;/secret&gt;"}',
      '{"msg":"\\u003ctoken\\u003e***\\u003c/token\\u003e &lt;secret&gt;***&lt;/secret&gt;"}',
    ],
    ['<property name="db.password">x</property> <add key="token" value="y"/>', '<property name="db.password">***</property> <add key="token" value="***"/>'],
    [
      '{"env":[{"name":"DB_PASSWORD","value":"x"},{"name":"USER","value":"bob"}]}',
      '{"env":[{"name":"DB_PASSWORD","value":"***"},{"name":"USER","value":"bob"}]}',
    ],
    ['{ "name" : "DB_PASSWORD", "kind": 1, "value" : "a \\"b" }', '{ "name" : "DB_PASSWORD", "kind": 1, "value" : "***" }'],
    ['[{"value":"bob","name":"USER"},{"value": "x", "key": "API_TOKEN"}]', '[{"value":"bob","name":"USER"},{"value": "***", "key": "API_TOKEN"}]'],
    ['{"value":12345,"name":"DB_PASSWORD"}', '{"value":"***","name":"DB_PASSWORD"}'],
    ['{"m":"{\\"name\\":\\"DB_PASSWORD\\",\\"value\\":\\"x\\"}"}', '{"m":"{\\"name\\":\\"DB_PASSWORD\\",\\"value\\":\\"***\\"}"}'],
    ['env:\n- name: DB_PASSWORD\n  value: x\n- name: USER\n  value: bob', 'env:\n- name: DB_PASSWORD\n  value: ***\n- name: USER\n  value: bob'],
    ['password=abc,x ok', 'password=*** ok'],
    ['password=abc, user=bob', 'password=***, user=bob'],
    ['password=abc,x;y,user=bob,port=5', 'password=***,user=bob,port=5'],
    ['{password: abc,x, user: bob}', '{password: ***, user: bob}'],
    ['Server=db;Password=abc;Encrypt=true', 'Server=db;Password=***;Encrypt=true'],
    ['{"token":123456,"secret":false}', '{"token":"***","secret":false}'],
    ['postgres://app:p/x@db/orders and http://a:b@c/d@e', 'postgres://app:***@db/orders and http://a:***@c/d@e'],
    ["CREATE USER bob WITH PASSWORD 'x y'; SELECT 1", "CREATE USER bob WITH PASSWORD '***'; SELECT 1"],
    ["alter user bob identified by 'it''s x' , password('y')", "alter user bob identified by '***' , password('***')"],
    ["CREATE USER a IDENTIFIED WITH caching_sha2_password BY 'x'", "CREATE USER a IDENTIFIED WITH caching_sha2_password BY '***'"],
    ["IDENTIFIED BY PASSWORD '*AB12' SET PASSWORD FOR 'bob'@'h' = 'x'", "IDENTIFIED BY PASSWORD '***' SET PASSWORD FOR 'bob'@'h' = '***'"],
    ['{"sql":"ALTER ROLE a PASSWORD \\"x\\""}', '{"sql":"ALTER ROLE a PASSWORD \\"***\\""}'],
    ['ALTER USER scott IDENTIFIED BY tiger;', 'ALTER USER scott IDENTIFIED BY ***;'],
    ['create user scott identified by tiger account unlock', 'create user scott identified by *** account unlock'],
    ['CREATE DATABASE LINK l CONNECT TO scott IDENTIFIED BY tiger USING db', 'CREATE DATABASE LINK l CONNECT TO scott IDENTIFIED BY *** USING db'],
    ['alter user a IDENTIFIED BY "tiger" QUOTA 1M', 'alter user a IDENTIFIED BY "***" QUOTA 1M'],
    ["ALTER USER a IDENTIFIED BY VALUES 'S:AB12;H:34'", "ALTER USER a IDENTIFIED BY VALUES '***'"],
    ['{"sql":"alter user a identified by values \\"S:AB12\\""}', '{"sql":"alter user a identified by values \\"***\\""}'],
    ["IDENTIFIED WITH mysql_native_password AS '*AB12', b IDENTIFIED BY 'x'", "IDENTIFIED WITH mysql_native_password AS '***', b IDENTIFIED BY '***'"],
    ["ALTER ROLE a WITH ENCRYPTED PASSWORD 'md5ab' VALID UNTIL '2030'", "ALTER ROLE a WITH ENCRYPTED PASSWORD '***' VALID UNTIL '2030'"],
    ['password=<hunter2> token: <aB3/x+>, pass=<tiger>', 'password=<***> token: <***>, pass=<***>'],
    ['password=<3Kq9!x token=<a>b secret: <br>x</br>', 'password=*** token=*** secret: ***'],
    ['token: <password kind="a">x</password> key: <db:token&gt;y&lt;/', 'token: <password kind="a">***</password> key: <db:token&gt;***&lt;/'],
    ['{"password":["hunter"],"user":["bob"]}', '{"password":["***"],"user":["bob"]}'],
    ['{"Authorization":["Bearer a.b", "c d"],"n":[[1]],"token":[[12345, null]]}', '{"Authorization":["***", "***"],"n":[[1]],"token":[["***", null]]}'],
    ['{"password":{"value":"hunter","type":"plain"},"n":1}', '{"password":{"value":"***","type":"plain"},"n":1}'],
    ['{"secret":[{"id":"a","value":["b","c"],"text":12345}]}', '{"secret":[{"id":"a","value":["***","***"],"text":"***"}]}'],
    ['{"credentials":{"note":"a","password":"b","value":"c"}}', '{"credentials":{"note":"a","password":"***","value":"***"}}'],
    ['{"m":"{\\"token\\":[\\"a b\\",{\\"old\\":\\"c\\"}]}"}', '{"m":"{\\"token\\":[\\"***\\",{\\"old\\":\\"***\\"}]}"}'],
    ['{"password" : [\n  "a",\n  "b"\n], "n": 1}', '{"password" : [\n  "***",\n  "***"\n], "n": 1}'],
    ['params {password=[hunter], user=[bob]} secret: {value: x1, name: y}', 'params {password=[***], user=[bob]} secret: {value: ***, name: y}'],
    ['map[Authorization:[Bearer abc] Cookie:[a=b cd] Accept:[x]]', 'map[Authorization:[Bearer ***] Cookie:[*** ***] Accept:[x]]'],
    ['"password"=>["x"], :token=>{:value=>"y"}', '"password"=>["***"], :token=>{:value=>"***"}'],
    ['2026-11-30 user\tbob\tpassword\thunter', '2026-11-30 user\tbob\tpassword\t***'],
    ['DB_PASSWORD\t\thunter2\tok\ntoken\t"a b"\tx', 'DB_PASSWORD\t\t***\tok\ntoken\t"***"\tx'],
    ['password:\n  hunter\nuser: bob', 'password:\n  ***\nuser: bob'],
    ['db:\n  password: |-\n    hunter two\n    more: x\n  user: bob', 'db:\n  password: |-\n    ***\n    ***\n  user: bob'],
    ['tokens:\n  - abc1\n  - "d e"\nuser: b', 'tokens:\n  - ***\n  - "***"\nuser: b'],
    ['secret:\r\n  name: a\r\n  value: b c\r\n  note: d\r\nx: 1', 'secret:\r\n  name: a\r\n  value: ***\r\n  note: d\r\nx: 1'],
    ['GET http://hunter40@host/ https://ab12:@h https://0a1b2c3d4e:x-oauth-basic@h', 'GET http://***@host/ https://ab12:@h https://***:***@h'],
    ['git+https://abcdefghijklmnopqrstuvwx@h/a https://sk9_abcd:@h', 'git+https://***@h/a https://***:@h'],
    ['https://user1234:@pw@h and postgres://app:@pw@db', 'https://***:***@h and postgres://app:***@db'],
    ['PASSWORD%3Dhunter&b=1 next=%2Fa%3Ftoken%3Dabc1%26c%3D2', 'PASSWORD%3D***&b=1 next=%2Fa%3Ftoken%3D***%26c%3D2'],
    ['%7B%22password%22%3A%20%22a%20b%22%2C%22n%22%3A1%7D secret%253Dx1%2526', '%7B%22password%22%3A%20%22***%22%2C%22n%22%3A1%7D secret%253D***%2526'],
    ['{"q":"password\\u003dhunter\\u0026a\\u003d1"}', '{"q":"password\\u003d***\\u0026a\\u003d1"}'],
    ['+ ldapsearch -x -w hunter2 -b dc=x', '+ ldapsearch -x -w *** -b dc=x'],
  ])('%j', (text, masked) => {
    expect(line(text)).toBe(masked);
    expect(line(masked)).toBe(masked);
  });

  test.each([
    'a request took 5 ms',
    'password is wrong for user bob',
    'mysqld: ready for connections, mysql -p asks for it, mysql -P 3306 -u root',
    '10.0.0.1 - - "GET /a HTTP/1.1" 200 5 "-" "curl/8.0 -u a:b"',
    'curl -u is short, curl -s https://example.org:8443/a -o up:date, curl -k -T u:x',
    'the ldap server -w is not a program; docker run -p 80:80; ssh -p 22 host; cp -p a b',
    'the tokens: 1500 used, max_tokens=4096',
    'compass=north bypass: on',
    'basic authentication failed, bearer authentication too',
    'sudo: bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/ls',
    'see https://example.org:8443/a?b=c and user@example.org',
    'password=null, token: "", secret=false, passed: 12, pass=12',
    'client_secret_file=/etc/app/secret token_url=https://a/b secret://place',
    '-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----',
    '"secret":{"name":"x"}',
    "syntax error, unexpected token: 'end'",
    'password=***',
    '{"a":"enter password ","b":"x","c":1} {"note":"password","b":"x"}',
    '<passwordPolicy>strict</passwordPolicy> List<Token> all = of(1); <token/> <password></password>',
    'http://localhost:3000/users/@me https://packs:443/@scope/pack [http://[::1]:80/a]',
    'the host was identified by its name, password for bob is wrong',
    '{"name":"USER","value":"x","password":null} {"name":"token_count","value":12345}',
    'name=token value',
    'identified by the server, it was Identified by email; IDENTIFIED BY THE SERVER; alter user a identified by the key, identified by',
    'ALTER USER a IDENTIFIED EXTERNALLY; password values differ, each identified by values in a table',
    'password=<password> --password=<your-password> token=<API_TOKEN> pass=<redacted> secret=<xxx> password: <your own one> token=<{API}> pwd=<>',
    '<td>password:</td> password=</div> password < 8',
    'tokens=5,600 password=null,retry',
    '{"password":{"type":"string","minLength":8},"token":{"expires":12345,"scopes":["read"]},"secret":[],"tokens":[12,null]}',
    '{"secret":{"secretName":"a","items":[{"key":"b","path":"c"}]},"password":["***"]} password: [FILTERED]',
    'INFO\tauth.token\twas issued\t{"a":1} user\tpassword\trole\tx token\t15 password_reset\tdone',
    'bad password:\n    at com.x.Y(Z.java:5)\n    at a',
    'a token:\n  policy:\n    min: 8\nsecret:\n  name: x\n  key: y',
    'password:\nuser: bob',
    '{"a":"<password>","note":"</"} [{"a":["<token>"],"b":"</"}]',
    'unknown token:\n   ^~~~',
    'https://bob@host/ https://john.smith-jones@h ssh://abcd1234@h https://$TOKEN_1@h https://h/a?b=c12345678@d',
    'password%20is%20wrong token_url%3Dx secret%3D&a=1',
  ])('%j is left as it is', (text) => expect(line(text)).toBe(text));

  test('with a list of many secrets has none of them', () => {
    const of = (secret: string): string => JSON.stringify({ tokens: Array.from({ length: 60 }, () => secret), user: 'bob' });
    expect(line(of('a1B2'.repeat(15)))).toBe(of('***'));
  });

  test('of a private key that comes line by line is masked, what follows is not', () => {
    const state = newMaskState();
    const key = [
      'a -----BEGIN PRIVATE KEY-----',
      'A'.repeat(64),
      `12:00 app | ${'b/'.repeat(32)}`,
      'Zz0=',
      '-----END PRIVATE KEY-----',
      'Done',
      'A'.repeat(64),
    ];
    expect(key.map((text) => mask.line(text, state))).toEqual([
      'a -----BEGIN PRIVATE KEY-----',
      '***',
      '***',
      '***',
      '-----END PRIVATE KEY-----',
      'Done',
      'A'.repeat(64),
    ]);
    const cut = newMaskState();
    expect(['-----BEGIN PRIVATE KEY-----', 'Zz0=', 'a line of words', 'Zz0='].map((text) => mask.line(text, cut)).slice(1)).toEqual([
      '***',
      'a line of words',
      'Zz0=',
    ]);
  });
});

describe('a command', () => {
  test.each([
    [['/usr/bin/app', '--password', 'my pass', '--port', '5'], '/usr/bin/app --password *** --port 5'],
    [['app', '--db.password=my pass', '-v'], 'app --db.password=*** -v'],
    [['app', '--token', '--verbose'], 'app --token --verbose'],
    [['mysql', '-uroot', '-ps3cret', 'db'], 'mysql -uroot -p*** db'],
    [['sshpass', '-p', 'x', 'ssh', 'h'], 'sshpass -p *** ssh h'],
    [['curl', '-u', 'bob:x', 'http://bob:y@h/'], 'curl -u *** http://bob:***@h/'],
    [['env', 'PGPASSWORD=x', 'psql'], 'env PGPASSWORD=*** psql'],
    [['curl', '-H', 'Authorization: Bearer x1'], 'curl -H Authorization: Bearer ***'],
    [['curl', '-uuser:x1'], 'curl -u***'],
    [['curl', '-su', 'u:x1'], 'curl -su ***'],
    [['curl', '--user=u:x1'], 'curl --user=***'],
    [['sudo', 'mysql', '-px1', 'db'], 'sudo mysql -p*** db'],
    [['sh', '-c', 'mysql -px1'], 'sh -c mysql -p***'],
    [['sh', '-c', 'curl -u a:x1'], 'sh -c curl -u ***'],
    [['sshpass', '-px1', 'ssh'], 'sshpass -p*** ssh'],
    [['ldapsearch', '-wx1'], 'ldapsearch -w***'],
    [['docker', 'run', '-p', '80:80'], 'docker run -p 80:80'],
    [['java', '-jar', 'a b.jar', ''], 'java -jar a b.jar '],
    [['vault', '--token-file=/etc/t', 'x y'], 'vault --token-file=/etc/t x y'],
    [['inframirror', 'agent', '--token-file', '/etc/t', '--db-password', 'x'], 'inframirror agent --token-file /etc/t --db-password ***'],
    [[], ''],
  ])('%j', (args, masked) => expect(mask.command(args)).toBe(masked));
});

describe('own rules', () => {
  test('mask each *, in either case; the others stay on, or not', () => {
    const rules = ['ticket=*', 'PIN * for *,'];
    for (const rule of rules) expect(ownRuleOffence(rule)).toBeUndefined();
    const own = new Mask(
      true,
      rules.map((rule) => new OwnRule(rule)),
    );
    const text = 'Ticket=T-5&x=1 pin 1234 for bob, password=x1y';
    expect(own.line(text, newMaskState())).toBe('Ticket=***&x=1 pin *** for ***, password=***');
    expect(
      new Mask(
        false,
        rules.map((rule) => new OwnRule(rule)),
      ).line(text, newMaskState()),
    ).toBe('Ticket=***&x=1 pin *** for ***, password=x1y');
    expect(own.command(['a', 'ticket=5'])).toBe('a ticket=***');
  });

  test('are texts, whatever they hold', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), fc.stringMatching(/^[a-z0-9]{1,20}$/), (piece, secret) => {
        const pattern = `${piece} *`;
        if (ownRuleOffence(pattern) !== undefined || `${piece} `.includes(secret)) return;
        expect(new Mask(false, [new OwnRule(pattern)]).line(`${piece} ${secret}`, newMaskState())).not.toContain(secret);
      }),
    );
  });

  test.each(['*', 'a*', ' *', '*abc', 'abc', 'ab*c', `ab${'c'.repeat(300)}*`])('%j is none', (pattern) => expect(ownRuleOffence(pattern)).toBeTypeOf('string'));
});

const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{11,30}$/).map((text) => `${text}9x`);
const anyText = fc.string({ unit: 'grapheme', maxLength: 40 });
/** Around a secret, as it is written in different places. */
const FORMS: readonly ((secret: string) => string)[] = [
  (s) => `password=${s}`,
  (s) => `"dbPassword" : "${s}"`,
  (s) => `api_key='${s}'`,
  (s) => JSON.stringify(JSON.stringify({ client_secret: `${s} "quoted" \\ ${s}` })),
  (s) => JSON.stringify(JSON.stringify({ outer: JSON.stringify({ token: s, n: 1 }) })),
  (s) => `Authorization: Bearer ${s}`,
  (s) => `bearer ${s}`,
  (s) => `amqp://user:${s}@host/`,
  (s) => `--auth-token ${s}`,
  (s) => `sudo curl -su a:${s}`,
  (s) => `x/mysql -p${s}`,
  (s) => `<password>${s}</password>`,
  (s) => `{"name":"DB_PASSWORD","value":"${s}"}`,
  (s) => JSON.stringify({ a: JSON.stringify({ value: `${s} "x" ${s}`, key: 'user_secret' }) }),
  (s) => `{"password":["${s}","${s}"],"n":1}`,
  (s) => JSON.stringify({ a: JSON.stringify({ user_secret: { type: 'a', value: `${s} "x" ${s}` } }) }),
  (s) => `password\t${s}\tx`,
  (s) => `password:\n  ${s}\n`,
  (s) => `https://${s}@host/`,
  (s) => `token%3D${s}%26a`,
  (s) => `password=abc,${s},x=1`,
  (s) => `postgres://app:p/${s}@db`,
  (s) => `ALTER USER x PASSWORD '${s}'`,
  (s) => `create user a identified by '${s} ''${s}'`,
  (s) => `-----BEGIN EC PRIVATE KEY-----\n${s}\n${s}`,
];

test('a planted secret never comes through, and masking twice is masking once', () => {
  fc.assert(
    fc.property(anyText, word, fc.constantFrom(...FORMS), anyText, (before, secret, form, after) => {
      const text = `${before}\n${form(secret)} ${after}`;
      if (before.includes(secret) || after.includes(secret)) return;
      const out = line(text);
      expect(out).not.toContain(secret);
      expect(line(out)).toBe(out);
    }),
    { numRuns: 5000 },
  );
});

test('any line of JSON stays one, with the same keys, and values of other keys', () => {
  const value = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom('password', 'DB_PASSWORD', 'a password ', '<password>', 'identified by ', "'", 'token=abc1', 'say "password": "x1y2"', '\\', '"'),
  );
  const nested = fc.oneof(value, fc.array(value, { maxLength: 3 }), fc.dictionary(fc.constantFrom('a', 'value', 'name', 'token'), value));
  const object = fc.dictionary(fc.constantFrom('a', 'password', 'token', 'user_secret', 'authorization', 'cookie', 'note', 'name', 'value'), nested);
  fc.assert(
    fc.property(fc.oneof(object, fc.record({ outer: object, list: fc.array(object, { maxLength: 3 }) })), (written) => {
      const out = JSON.parse(line(JSON.stringify(written))) as Record<string, unknown>;
      expect(Object.keys(out)).toEqual(Object.keys(written));
    }),
    { numRuns: 3000 },
  );
});

test('what the suspects of a stretch pass over has no secret in it', () => {
  const suspects = new Suspects();
  const text = fc.array(
    fc.oneof(
      anyText,
      fc.constantFrom(...FORMS).map((form) => form('x1Y2z3')),
      fc.constantFrom('\n', 'Key', 'gh', '__', 'e'),
    ),
    { maxLength: 6 },
  );
  let clean = 0;
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (parts) => {
      const lines = parts.map((pieces) => pieces.join('').toWellFormed().replaceAll('\n', ' '));
      suspects.scan(Buffer.from(lines.join('\n')));
      let from = 0;
      for (const one of lines) {
        const to = from + Buffer.byteLength(one);
        const isClean = !suspects.isIn(from, to);
        if (isClean) clean++;
        expect(new Mask(true, []).line(one, newMaskState(), isClean)).toBe(line(one));
        from = to + 1;
      }
    }),
    { numRuns: 5000 },
  );
  expect(clean).toBeGreaterThan(1000);
});

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => void line(text)),
    { numRuns: 2000 },
  );
});

test('an own rule finds what a regular expression of it finds, and takes a time that grows with the line alone', () => {
  const piece = fc.constantFrom('x=', 'Ab', 'aa', ' ', ' for ', '"', '', ', ab', ' x=');
  const pattern = fc.array(piece, { minLength: 2, maxLength: 4 }).map((pieces) => pieces.join('*'));
  fc.assert(
    fc.property(
      pattern.filter((text) => ownRuleOffence(text) === undefined),
      fc.array(fc.constantFrom('x=', 'a', 'aa', 'AB', ' ', ' for ', '"', ',', 'z1'), { maxLength: 30 }).map((pieces) => pieces.join('')),
      (rule, text) => {
        const pieces = rule.split(/\*+/).map((part) => `(${part})`);
        const expected = text.replace(new RegExp(pieces.join('[^\\s"\'`,;&<>\\\\]+'), 'gi'), (...found) => found.slice(1, pieces.length + 1).join('***'));
        expect(new Mask(false, [new OwnRule(rule)]).line(text, newMaskState())).toBe(expected);
      },
    ),
    { numRuns: 5000 },
  );
  for (const [rule, text] of [
    ['x=* y', 'x='],
    ['aa*', 'a'],
    ['aa* b* c', 'aa b'],
    ['ab* x* x', 'ab x'],
  ] as const) {
    const timed = (size: number): number => timeOf(text.repeat(size / text.length), newMaskState(), [new OwnRule(rule)]);
    // Eight times the line: eight times as long, where its square would be 64.
    expect(timed(524_288)).toBeLessThan(50 + 24 * timed(65_536));
  }
});

/** ms, the best of three. */
/** Processor time, ms: a busy machine is not slow code. */
const timeOf = (text: string, state: MaskState = newMaskState(), own: readonly OwnRule[] = []): number =>
  Math.min(
    ...[1, 2, 3].map(() => {
      const begun = process.cpuUsage();
      new Mask(true, own).line(text, { ...state });
      const { user, system } = process.cpuUsage(begun);
      return (user + system) / 1000;
    }),
  );
