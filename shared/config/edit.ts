/**
 * Changes of `headroom.yaml` on its YAML nodes, so that comments, order and anchors stay where they are: only nodes
 * whose value differs are touched. Changes the document it is given, and nothing else.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type Alias,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  visit,
  YAMLMap,
  YAMLSeq,
} from 'yaml';
import { keepLines } from './keep-lines.ts';
import { parseYaml, plainOf, plainOrNone } from './yaml.ts';

const BOM = '\u{feff}';

type Anchored = Node & { anchor?: string };

/** Parses for editing. Each list keeps its own way of writing: `[1, 2]` or `[ 1, 2 ]`. */
export function editable(file: string): Document {
  const text = plainLines(file);
  const document = parseYaml(text) as unknown as Document;
  visit(document, {
    Collection: (_, node) => {
      if (node.flow && node.range) keepPadding(node, text[node.range[0] + 1] === ' ');
    },
  });
  return document;
}

/**
 * The document as text: lines that nothing was changed in are those of `file`, with its ends of lines.
 * @param file it was read from
 */
export function textOf(document: Document, file: string): string {
  const before = plainLines(file);
  const indents = [...before.matchAll(/^( +)[^\s#]/gm)].map(([, spaces = '']) => spaces.length);
  const indent = Math.max(2, indents.length > 0 ? Math.min(...indents) : 2);
  const indentSeq = !/^[\w-]+:[^\S\n]*(?:#.*)?\n(?:\s*#.*\n|\s*\n)*- /m.test(before);
  const write = (one: Document): string => one.toString({ lineWidth: 0, indent, indentSeq });
  const written = write(document);
  const kept = keepLines(before, write(editable(before)), written);
  // Lines of two ways to indent do not always go together: then the library's own writing stands.
  const text = isDeepStrictEqual(plainOrNone(kept), plainOrNone(written)) ? kept : written;
  return (file.startsWith(BOM) ? BOM : '') + (file.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text);
}

/** Windows' editors begin a file with a mark and end its lines with two characters; YAML means the same without. */
const plainLines = (file: string): string => file.replace(BOM, '').replaceAll('\r\n', '\n');

/** Adds a camera or replaces it, node by node. */
export function putCamera(document: Document, camera: { id: string } & Record<string, unknown>): void {
  const cameras = list(document, 'cameras');
  const at = cameraIndex(cameras, camera.id);
  if (at < 0) {
    if (cameras.items.length === 0) cameras.flow = false;
    cameras.add(fresh(document, camera));
  } else cameras.items[at] = merged(document, cameras.items[at] as Node, camera);
}

/** Takes a camera out, also from the others' neighbours. @returns whether there was such a camera */
export function dropCamera(document: Document, id: string): boolean {
  const cameras = list(document, 'cameras');
  const at = cameraIndex(cameras, id);
  if (at < 0) return false;
  release(document, cameras.items[at] as Node);
  cameras.items.splice(at, 1);
  for (const camera of cameras.items) {
    const neighbours = isMap(camera) ? (plainOf(document, camera) as { neighbours?: unknown }).neighbours : undefined;
    if (!isMap(camera) || !Array.isArray(neighbours) || !neighbours.includes(id)) continue;
    const others = neighbours.filter((other) => other !== id);
    if (others.length > 0) setKey(document, camera, 'neighbours', others);
    else camera.delete('neighbours');
  }
  // An empty block list would be written as nothing at all.
  if (cameras.items.length === 0) cameras.flow = true;
  return true;
}

/** Sets or replaces a section such as `alerts`; undefined removes it. */
export function putSection(document: Document, name: string, value: unknown): void {
  const root = rootOf(document);
  const before = root.get(name, true) as Node | undefined;
  if (value === undefined) {
    if (before) release(document, before);
    root.delete(name);
  } else setKey(document, root, name, value);
}

function rootOf(document: Document): YAMLMap {
  if (!isMap(document.contents)) {
    const root = new YAMLMap(document.schema);
    // A file of comments only keeps them.
    if (document.comment) {
      document.commentBefore = [document.commentBefore, document.comment].filter(Boolean).join('\n');
      document.comment = null;
    }
    document.contents = root as unknown as typeof document.contents;
  }
  return document.contents as unknown as YAMLMap;
}

function list(document: Document, name: string): YAMLSeq {
  const root = rootOf(document);
  const found = root.get(name, true);
  if (isSeq(found)) return found;
  const seq = new YAMLSeq(document.schema);
  const empty = found as Node | undefined;
  if (isScalar(empty)) {
    seq.commentBefore = empty.commentBefore;
    seq.comment = empty.comment;
  }
  root.set(name, seq);
  return seq;
}

function cameraIndex(cameras: YAMLSeq, id: string): number {
  return cameras.items.findIndex((item) => isMap(item) && item.get('id') === id);
}

/** `node` with another value: itself where that is possible, so that what hangs on it stays. */
function merged(document: Document, node: Node | null | undefined, value: unknown): Node {
  if (!node) return fresh(document, value);
  if (isDeepStrictEqual(plainOf(document, node), value)) return node;
  if (isAlias(node)) return merged(document, copyOf(document, node), value);
  handOver(document, node, node);
  if (isMap(node) && isRecord(value)) {
    for (const pair of [...node.items]) {
      const key = keyOf(pair.key);
      if (key in value && value[key] !== undefined) continue;
      if (isNode(pair.value)) release(document, pair.value);
      node.delete(pair.key);
    }
    for (const [key, inner] of Object.entries(value)) if (inner !== undefined) setKey(document, node, key, inner);
    return node;
  }
  if (isSeq(node) && Array.isArray(value)) {
    const before = node.items as Node[];
    const byId = new Map(before.flatMap((item) => (isMap(item) ? [[String(item.get('id')), item] as const] : [])));
    const named = value.every((item) => isRecord(item) && typeof item.id === 'string');
    const after = value.map((item, index) =>
      merged(document, named ? byId.get((item as { id: string }).id) : before[index], item),
    );
    for (const item of before) if (isNode(item) && !after.includes(item)) release(document, item);
    node.items = after;
    if (after.length === 0) node.flow = true;
    else if (before.length === 0 && !isSmall(value)) node.flow = false;
    return node;
  }
  if (isScalar(node) && !isRecord(value) && !Array.isArray(value)) {
    node.value = value;
    delete node.format;
    delete node.minFractionDigits;
    delete node.source;
    return node;
  }
  release(document, node);
  const other = fresh(document, value);
  other.commentBefore = node.commentBefore;
  other.comment = node.comment;
  return other;
}

function setKey(document: Document, map: YAMLMap, key: string, value: unknown): void {
  const pair = map.items.find((item) => isPair(item) && keyOf(item.key) === key);
  if (pair) pair.value = merged(document, pair.value as Node, value);
  else {
    // `{ id: gate, url: … }` on one line is no place for zones.
    if (map.flow && !isSmall(value)) map.flow = false;
    map.set(document.createNode(key), fresh(document, value));
  }
}

/** A new node: short values on one line, the rest as a block. */
function fresh(document: Document, value: unknown): Node {
  const node = document.createNode(value) as Node;
  visit(node, {
    Collection: (_, inner) => {
      const plain = plainOf(document, inner);
      if (isSmall(plain) || (Array.isArray(plain) && plain.length === 0)) inner.flow = true;
      keepPadding(inner, isMap(inner));
    },
  });
  return node;
}

/** Scalars, points, polygons, thresholds; nothing that has an id of its own. */
function isSmall(value: unknown): boolean {
  const flat = (inner: unknown): boolean =>
    Array.isArray(inner)
      ? inner.every((item) => !isRecord(item) && (!Array.isArray(item) || item.every((x) => typeof x !== 'object')))
      : !isRecord(inner);
  if (!isRecord(value)) return flat(value);
  return !('id' in value) && Object.values(value).every((inner) => flat(inner) || isPointPair(inner));
}

const isPointPair = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= 2 && value.every(Array.isArray);

/** A copy of what an alias stands for, to be changed without changing the original. */
function copyOf(document: Document, alias: Alias): Node {
  const copy = (alias.resolve(document) as Node | undefined)?.clone() as Anchored | undefined;
  if (!copy) return document.createNode(null) as Node;
  visit(copy, { Node: (_, node) => void delete (node as Anchored).anchor });
  copy.commentBefore = alias.commentBefore;
  copy.comment = alias.comment;
  return copy;
}

/** Before a node goes: whoever refers to it or to a part of it keeps the value. */
function release(document: Document, node: Node): void {
  visit(node, { Node: (_, inner) => handOver(document, inner, node) });
}

/**
 * Makes a node's first alias the owner of its anchor, so that the node may change alone.
 * @param within aliases inside this node do not count: they change or go with it
 */
function handOver(document: Document, node: Anchored, within: Node): void {
  const { anchor } = node;
  if (!anchor) return;
  const inside = new Set<unknown>();
  visit(within, { Alias: (_, alias) => void inside.add(alias) });
  let owner: Node | undefined;
  visit(document, {
    Alias: (_, alias) => {
      if (alias.source !== anchor || inside.has(alias)) return undefined;
      if (owner) return visit.BREAK;
      const copy = copyOf(document, alias) as Anchored;
      copy.anchor = anchor;
      owner = copy;
      return copy;
    },
  });
  if (owner) delete node.anchor;
}

/** `toString` of one collection with its own padding inside the brackets; the library has one setting for all. */
function keepPadding(node: YAMLMap | YAMLSeq, padded: boolean): void {
  type Write = (ctx?: object, ...more: (() => void)[]) => string;
  const write = (isMap(node) ? YAMLMap : YAMLSeq).prototype.toString as Write;
  const own: Write = function (this: unknown, ctx, ...more) {
    return write.call(this, ctx && { ...ctx, flowCollectionPadding: padded ? ' ' : '' }, ...more);
  };
  Object.defineProperty(node, 'toString', { value: own, configurable: true, enumerable: false });
}

const keyOf = (key: unknown): string => String(isScalar(key) ? key.value : key);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isCollection(value);
}
