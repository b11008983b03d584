import { parseNetwork } from '@graylane/core';

// A writer of small databases in the MaxMind format 2.0: https://maxmind.github.io/MaxMind-DB/

/** A value of a record. Numbers are written as unsigned 32-bit integers. */
type Field = string | number | boolean | readonly Field[] | { readonly [key: string]: Field };

/** A node of the search tree: for each bit another node, or the number of a record, or nothing. */
type Tree = [Branch, Branch];
type Branch = Tree | number | undefined;

/** The bytes of a database in which these networks have these records. IPv4 stands where all IPv6 databases have it, in `::/96`. */
export function writeMmdb(records: Readonly<Record<string, Field>>, ipVersion: 4 | 6 = 6): Buffer {
  const root: Tree = [undefined, undefined];
  const entries = Object.entries(records);
  for (const [number, [text]] of entries.entries()) put(root, bitsOf(text, ipVersion), number);
  const nodes = nodesOf(root);
  const values = entries.map(([, record]) => encode(record));
  const offsets = values.map((_, number) => Buffer.concat(values.slice(0, number)).length);
  const pointerOf = (branch: Branch): number => {
    if (branch === undefined) return nodes.length;
    return typeof branch === 'number' ? nodes.length + 16 + (offsets[branch] as number) : nodes.indexOf(branch);
  };
  const tree = Buffer.alloc(nodes.length * 8);
  for (const [number, [left, right]] of nodes.entries()) {
    tree.writeUInt32BE(pointerOf(left), number * 8);
    tree.writeUInt32BE(pointerOf(right), number * 8 + 4);
  }
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_800_000_000,
    database_type: 'Test',
    description: { en: 'Test' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 32,
  });
  return Buffer.concat([tree, Buffer.alloc(16), ...values, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata]);
}

function bitsOf(text: string, ipVersion: 4 | 6): number[] {
  const network = parseNetwork(text);
  if (!network) throw new Error(`${text} is no network`);
  const bits = network.bytes.flatMap((byte) => Array.from({ length: 8 }, (_, at) => (byte >> (7 - at)) & 1));
  const prefix = bits.slice(0, network.bits);
  return ipVersion === 6 && network.bytes.length === 4 ? [...new Array<number>(96).fill(0), ...prefix] : prefix;
}

function put(root: Tree, bits: readonly number[], number: number): void {
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    const next = node[bit as 0 | 1];
    if (typeof next === 'number') throw new Error('networks overlap');
    const child: Tree = next ?? [undefined, undefined];
    node[bit as 0 | 1] = child;
    node = child;
  }
  node[bits.at(-1) as 0 | 1] = number;
}

/** The nodes of a tree, the root first. */
function nodesOf(root: Tree): Tree[] {
  const nodes = [root];
  for (const node of nodes) nodes.push(...node.filter((branch) => typeof branch === 'object'));
  return nodes;
}

const TEXT = 2;
const UINT32 = 6;
const MAP = 7;
const LIST = 11;
const BOOLEAN = 14;

function encode(value: Field): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(TEXT, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'boolean') return control(BOOLEAN, value ? 1 : 0);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(UINT32, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(LIST, value.length), ...value.map(encode)]);
  const entries = Object.entries(value);
  return Buffer.concat([control(MAP, entries.length), ...entries.flat().map((each) => encode(each as Field))]);
}

/** The bytes before a value: its type, extended for those after 7, and its size. */
function control(type: number, size: number): Buffer {
  if (size >= 285) throw new Error('is too long for this writer');
  const [short, more] = size < 29 ? [size, []] : [29, [size - 29]];
  return Buffer.from(type <= 7 ? [(type << 5) | short, ...more] : [short, type - 7, ...more]);
}
