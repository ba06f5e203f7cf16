// Quoting and the end of a statement, held against the engine itself: what we quote it must read back, what we pass it must be one statement.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'chdb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quoteText } from '../quote.ts';
import { insertFromFile, insertStatement, killStatement, singleStatement } from './sql-text.ts';

describe('quoteText', () => {
  let folder: string;
  let session: Session;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'inframirror-quote-'));
    session = new Session(folder);
  });
  afterAll(() => {
    session.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const hexOf = async (text: string): Promise<string> => (await session.queryAsync(`SELECT hex(${quoteText(text)})`, { format: 'TSV' })).text().trim();

  it('means exactly the text, whatever it holds', async () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom("'", '\\', '"', '`', '\n', '\0', '-', ';', '/', '*', '{', '}', 'x', '0', 'N', '$', '’') }),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        expect(await hexOf(text)).toBe(Buffer.from(text).toString('hex').toUpperCase());
      }),
      { numRuns: 400 },
    );
  });
});

describe('singleStatement', () => {
  it.each([
    ['SELECT 1', 'SELECT 1'],
    ['SELECT 1;', 'SELECT 1'],
    ['SELECT 1 ; -- end\n/* ; */ ;\n', 'SELECT 1 '],
    ['SELECT \';\', "a;b", `c;d`', 'SELECT \';\', "a;b", `c;d`'],
    ["SELECT '\\'; x', 'it''s;'", "SELECT '\\'; x', 'it''s;'"],
    ['SELECT 1 -- ; SELECT 2', 'SELECT 1 -- ; SELECT 2'],
    ['SELECT 1 # ; SELECT 2', 'SELECT 1 # ; SELECT 2'],
    ['SELECT $x$ ; $x$', 'SELECT $x$ ; $x$'],
    ['SELECT 1 /* ; */ + 1', 'SELECT 1 /* ; */ + 1'],
    ['', ''],
  ])('of %j is %j', (sql, statement) => {
    expect(singleStatement(sql)).toBe(statement);
  });

  it.each(['SELECT 1; SELECT 2', "SELECT ';'; SELECT 2", 'SELECT 1;;DROP TABLE t', "SELECT 1; 'x'", 'SELECT 1; /* */ x', 'SELECT 1 -- x\n; SELECT 2'])(
    'refuses %j',
    (sql) => {
      expect(singleStatement(sql)).toBeUndefined();
    },
  );

  it('lets no quoted text end a statement', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const sql = `SELECT ${quoteText(text)}`;
        expect(singleStatement(sql)).toBe(sql);
        expect(singleStatement(`${sql}; SELECT 2`)).toBeUndefined();
      }),
    );
  });

  it('takes time in proportion to the text', () => {
    for (const sign of ["'", '"', '`', '/*', '$a$', '--', '\\', ';', '$'])
      expect(singleStatement(`SELECT ${sign.repeat(200_000)}`)?.length ?? 0).toBeGreaterThanOrEqual(0);
  });
});

describe('forms of statements', () => {
  it('knows a kill by any last word', () => {
    for (const end of ['', ' SYNC', ' async', '\nSYNC\n']) expect(killStatement(`KILL QUERY WHERE a = 'SYNC'${end}`)).toBe("KILL QUERY WHERE a = 'SYNC'");
    expect(killStatement("SELECT 'KILL QUERY WHERE 1'")).toBeUndefined();
  });

  it('turns an insert with data into one from a file', () => {
    const insert = insertStatement('INSERT INTO `db`.`t` (`a`, `b.c`) FORMAT ArrowStream');
    expect(insert && insertFromFile(insert, "/x/it's")).toBe("INSERT INTO `db`.`t` (`a`, `b.c`) SELECT `a`, `b.c` FROM file('/x/it\\'s', 'ArrowStream')");
    const all = insertStatement('insert into t format JSONEachRow');
    expect(all && insertFromFile(all, '/x')).toBe("INSERT INTO t FROM INFILE '/x' FORMAT JSONEachRow");
    for (const other of [
      'INSERT INTO t SELECT 1',
      "INSERT INTO t SELECT a FROM u WHERE 'x' FORMAT JSON",
      'INSERT INTO t SELECT a FROM input() FORMAT JSON',
      'INSERT INTO t VALUES (1)',
      'SELECT 1 FORMAT JSON',
    ])
      expect(insertStatement(other)).toBeUndefined();
  });

  it('keeps the condition of an insert that selects from its data', () => {
    const sql =
      "INSERT INTO `t` (`a`, `b.c`) SELECT `a`, `b.c` FROM input('`a` DateTime64(3, \\'UTC\\'), `b.c` String') WHERE throwIf(now64(3) >= {x:Int64}) = 0 FORMAT ArrowStream";
    const insert = insertStatement(sql);
    expect(insert && insertFromFile(insert, '/x')).toBe(
      "INSERT INTO `t` (`a`, `b.c`) SELECT `a`, `b.c` FROM file('/x', 'ArrowStream', '`a` DateTime64(3, \\'UTC\\'), `b.c` String') WHERE throwIf(now64(3) >= {x:Int64}) = 0",
    );
  });
});
