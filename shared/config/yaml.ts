/**
 * YAML as `headroom.yaml` is written in it. What would be taken silently for something else (tags, words of another file)
 * or break later (references to nothing) is a fault like any other, told by its place and never by its value. Pure.
 */
import { type Document, type LineCounter, type Node, parseDocument, visit, type YAMLError } from 'yaml';

export type YamlFault = { line: number; column: number; rule: string };

/** Uses of one anchor that a file may make: some for each of the thousand cameras it may hold. */
const PLAIN = { maxAliasCount: 20_000 } as const;

/** For whoever wrote the line; the code is what a search finds. */
const WORDS: Record<string, string> = {
  TAB_AS_INDENT: 'it is indented with a tab, where only spaces may stand',
  BAD_INDENT: 'its indentation does not fit that of its neighbours, or a bracket is not closed',
  DUPLICATE_KEY: 'the same setting stands twice in one place',
  MULTIPLE_DOCS: 'a second document begins here; a file holds one',
  MISSING_CHAR: 'a quote, a bracket, a comma or the colon after a name is missing',
  BLOCK_AS_IMPLICIT_KEY: 'a colon too many; text that holds ": " goes in quotes',
  BAD_SCALAR_START: 'text that begins with @, ` or % goes in quotes',
  MULTILINE_IMPLICIT_KEY: 'the colon after a name is missing in the line before',
  UNEXPECTED_TOKEN: 'something stands where nothing may follow: a quote or bracket too many, or a list beside its name',
  BAD_ALIAS: 'text that begins with * goes in quotes',
  BAD_DQ_ESCAPE: 'an unknown \\ escape in double quotes; single quotes take \\ as it is',
};

/** Parses a file. Faults are found by {@link yamlFaults}. */
export const parseYaml = (text: string, lineCounter?: LineCounter): Document.Parsed =>
  parseDocument(text, { ...(lineCounter && { lineCounter }), prettyErrors: false });

/** The plain value of a document or of one of its nodes. @throws ReferenceError where {@link yamlFaults} finds faults */
export function plainOf(document: Document | Document.Parsed, node?: Node): unknown {
  return node ? node.toJS(document as Document, PLAIN) : document.toJS(PLAIN);
}

/** The plain value of a text, for whoever only shows it; undefined where it has none. */
export function plainOrNone(text: string): unknown {
  try {
    return plainOf(parseYaml(text));
  } catch {
    return undefined;
  }
}

/** Everything that keeps a document from meaning what it says. */
export function yamlFaults(text: string, document: Document.Parsed, lines: LineCounter): YamlFault[] {
  const at = (offset: number, rule: string): YamlFault => {
    const { line, col } = lines.linePos(offset);
    return { line: line || 1, column: col || 1, rule };
  };
  if (text.includes('\0')) return [{ line: 1, column: 1, rule: 'the file is not UTF-8 text; save it as UTF-8' }];
  const told = ({ code, pos }: YAMLError): YamlFault =>
    at(pos[0], `is not valid YAML${WORDS[code] ? `: ${WORDS[code]}` : ''} (${code})`);
  const faults = document.errors.map(told);
  for (const { code, pos } of document.warnings) {
    if (code === 'TAG_RESOLVE_FAILED')
      faults.push(at(pos[0], 'has a tag that means nothing here; text that begins with ! goes in quotes'));
  }
  if (faults.length > 0) return faults;
  const anchors = new Set<string>();
  visit(document, {
    Alias: (_, { source, range }) => {
      if (anchors.has(source)) return;
      faults.push(
        at(range?.[0] ?? 0, 'refers to an anchor (&) that is not above; text that begins with * goes in quotes'),
      );
    },
    Value: (_, { anchor }) => {
      if (anchor) anchors.add(anchor);
    },
  });
  if (faults.length > 0) return faults;
  try {
    plainOf(document);
  } catch {
    faults.push(at(0, 'uses anchors (&) within anchors more often than can be told apart; write some out'));
  }
  return faults;
}
