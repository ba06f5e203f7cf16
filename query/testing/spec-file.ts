// Reads and writes spec files: cases of IQL in the notation of `query/spec/README.md`. Knows nothing of how a case is run.

export interface SpecCase {
  readonly file: string;
  readonly title: string;
  /** The IQL text without its marks. */
  readonly text: string;
  /** What stood between `⟦` and `⟧`, in order of their beginnings. */
  readonly marks: readonly { readonly start: number; readonly end: number }[];
  /** `at`, `from`, `to`, `zone`, `complete`, `$name`. */
  readonly request: ReadonlyMap<string, string>;
  /** Sections by name, their lines as they stand, without empty ones at the end. */
  readonly sections: ReadonlyMap<string, readonly string[]>;
  /** Line numbers (from 0) of the case in its file, end exclusive. */
  readonly lines: { readonly start: number; readonly end: number };
}

const SECTIONS: ReadonlySet<string> = new Set(['request', 'rows', 'warnings', 'diagnostics', 'fixed', 'plan', 'sql']);

const unmarked = (written: string): Pick<SpecCase, 'text' | 'marks'> => {
  let text = '';
  const marks: { start: number; end: number }[] = [];
  const open: { start: number; end: number }[] = [];
  for (const sign of written) {
    if (sign === '⟦') {
      const mark = { start: text.length, end: text.length };
      marks.push(mark);
      open.push(mark);
    } else if (sign === '⟧') {
      const mark = open.pop();
      if (mark === undefined) throw new Error(`a mark is closed that was not opened: ${written}`);
      mark.end = text.length;
    } else text += sign;
  }
  return { text, marks };
};

const trimmed = (lines: readonly string[]): readonly string[] => lines.slice(0, lines.findLastIndex((l) => l.trim() !== '') + 1);

export const readSpec = (file: string, content: string): readonly SpecCase[] => {
  const lines = content.split('\n');
  const starts = lines.flatMap((line, i) => (line.startsWith('# ') ? [i] : []));
  return starts.map((start, n) => {
    const end = starts[n + 1] ?? lines.length;
    const sections = new Map<string, string[]>();
    const body: string[] = [];
    let current = body;
    for (const line of lines.slice(start + 1, end)) {
      const name = /^-- (\w+)$/.exec(line)?.[1];
      if (name === undefined) {
        current.push(line);
        continue;
      }
      if (!SECTIONS.has(name) || sections.has(name)) throw new Error(`${file}: section ${name} of ${lines[start]}`);
      current = [];
      sections.set(name, current);
    }
    const request = new Map(
      (sections.get('request') ?? []).filter((l) => l.trim() !== '').map((l) => [l.slice(0, l.indexOf(' ')), l.slice(l.indexOf(' ') + 1).trim()] as const),
    );
    return {
      file,
      title: (lines[start] as string).slice(2),
      ...unmarked(trimmed(body).join('\n')),
      request,
      sections: new Map([...sections].map(([k, v]) => [k, trimmed(v)])),
      lines: { start, end },
    };
  });
};

/** The file's content with sections of its cases replaced (those that a case has not are added at its end). */
export const withSections = (content: string, cases: readonly SpecCase[], changes: ReadonlyMap<SpecCase, ReadonlyMap<string, readonly string[]>>): string => {
  const lines = content.split('\n');
  for (const c of cases.toReversed()) {
    const fresh = changes.get(c);
    if (fresh === undefined) continue;
    const own = lines.slice(c.lines.start, c.lines.end);
    const kept: string[] = [];
    let skip = false;
    for (const line of own) {
      const name = /^-- (\w+)$/.exec(line)?.[1];
      if (name !== undefined) skip = fresh.has(name);
      if (!skip) kept.push(line);
    }
    const added = [...fresh].flatMap(([name, value]) => [`-- ${name}`, ...value]);
    lines.splice(c.lines.start, c.lines.end - c.lines.start, ...trimmed(kept), ...added, '');
  }
  return `${trimmed(lines).join('\n')}\n`;
};
