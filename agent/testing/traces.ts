// Stack traces as six languages print them behind the line that tells of the error, for tests of what reads logs.

/** The lines behind the first one. */
export const TRACES: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'Java',
    [
      'java.lang.IllegalStateException: no room',
      '\tat c.e.App.run(App.java:7) ~[app.jar:1.0]',
      '\tSuppressed: java.io.IOException: a',
      '\t\tat c.e.B.close(B.java:1)',
      'Caused by: java.lang.NullPointerException',
      '\tat c.e.C.d(C.java:3)',
      '\t... 5 more',
    ],
  ],
  [
    'Python',
    [
      'Traceback (most recent call last):',
      '  File "/app/a.py", line 3, in f',
      '    g()',
      '    ~^^',
      "KeyError: 'a'",
      '',
      'During handling of the above exception, another exception occurred:',
      '',
      'Traceback (most recent call last):',
      '  File "/app/a.py", line 5, in <module>',
      '    f()',
      'app.errors.Failed: no',
    ],
  ],
  [
    'Node',
    [
      'TypeError: x is not a function',
      '    at f (/app/a.js:1:2)',
      '    at async node:internal/main:1:1 {',
      "  code: 'E',",
      '  [cause]: Error: b',
      '      at g (/app/b.js:2:3)',
      '}',
    ],
  ],
  [
    'Go',
    [
      'goroutine 1 [running]:',
      'main.(*T).run(0xc000012345, {0x1, 0x2})',
      '\t/app/main.go:12 +0x1d',
      'main.main()',
      '\t/app/main.go:7 +0x20',
      'created by main.start in goroutine 1',
      '\t/app/main.go:9 +0x33',
    ],
  ],
  ['Ruby', ["/app/a.rb:5:in 'f'", "/app/b.rb:7:in 'block in <main>'", "\tfrom /app/c.rb:2:in 'each'"]],
  [
    '.NET',
    [
      'System.InvalidOperationException: a',
      ' ---> System.Exception: b',
      '   at A.B() in /app/a.cs:line 3',
      '   --- End of inner exception stack trace ---',
      '   at A.C() in /app/a.cs:line 4',
    ],
  ],
]);
