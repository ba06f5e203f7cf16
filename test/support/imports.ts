// Reads what a source file imports, by TypeScript's own parser: static, dynamic, type-only, `new URL(…, import.meta.url)`.
// It judges nothing; `test/layers.test.ts` does.
import ts from 'typescript';

export interface Import {
  readonly from: string;
  /** Names a path inside the clone for relative imports, a package (`@scope/name`, `node:fs`) for all others. */
  readonly to: string;
  readonly relative: boolean;
  /** Erased before the program runs. */
  readonly typeOnly: boolean;
  readonly line: number;
}

/** The script parts of a Svelte file, at their lines; any other text as it is. */
const scriptOf = (path: string, text: string): string => {
  if (!path.endsWith('.svelte')) return text;
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ');
  let script = '';
  let end = 0;
  for (const match of text.matchAll(/(<script[^>]*>)([\s\S]*?)<\/script>/g)) {
    const [, open = '', body = ''] = match;
    script += blank(text.slice(end, match.index + open.length)) + body;
    end = match.index + open.length + body.length;
  }
  return script;
};

const resolve = (from: string, specifier: string): Pick<Import, 'to' | 'relative'> => {
  if (!/^\.{1,2}(\/|$)/.test(specifier)) {
    const parts = specifier.split('/');
    return { to: specifier.startsWith('node:') ? specifier : parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/'), relative: false };
  }
  const path = from.split('/').slice(0, -1);
  for (const part of (specifier.split('?')[0] as string).split('/')) {
    if (part === '..') path.pop();
    else if (part !== '.') path.push(part);
  }
  return { to: path.join('/'), relative: true };
};

const read = new Map<string, { readonly text: string; readonly imports: readonly Import[] }>();

/** All imports of one file; `path` is relative to the root of the clone, with slashes. Parsed once for all who ask. */
export const importsOf = (path: string, text: string): readonly Import[] => {
  const known = read.get(path);
  if (known?.text === text) return known.imports;
  const imports = parsed(path, text);
  read.set(path, { text, imports });
  return imports;
};

const parsed = (path: string, text: string): readonly Import[] => {
  const source = ts.createSourceFile(path, scriptOf(path, text), ts.ScriptTarget.Latest, true, path.endsWith('.js') ? ts.ScriptKind.JS : ts.ScriptKind.TS);
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const line = source.getLineAndCharacterOfPosition(specifier.getStart()).line + 1;
    found.push({ from: path, ...resolve(path, specifier.text), typeOnly, line });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node)) add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    else if (ts.isCallExpression(node) && (node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === 'require'))
      add(node.arguments[0], false);
    else if (ts.isNewExpression(node) && node.expression.getText() === 'URL' && node.arguments?.[1]?.getText() === 'import.meta.url') {
      const [file] = node.arguments;
      if (file !== undefined && ts.isStringLiteralLike(file) && /^\.{1,2}\/.*\.(ts|js)$/.test(file.text)) add(file, false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};
