/** What a strict parser makes of XML, in the shape of ours: the oracle of `xml.test.ts`. */

import { SaxesParser } from 'saxes';

interface Node {
  readonly name: string;
  /** Attributes and elements, in the order of the text. */
  readonly members: (readonly [name: string, value: unknown])[];
  text: string;
}

/** Undefined where it is refused; a DTD always is. */
export function xmlBySaxes(text: string): unknown {
  const parser = new SaxesParser({ xmlns: false, position: false });
  const stack: Node[] = [{ name: '', members: [], text: '' }];
  let refused = false;
  const refuse = () => {
    refused = true;
  };
  const add = (more: string) => {
    const node = stack.at(-1);
    if (node !== undefined && stack.length > 1) node.text += more;
  };
  parser.on('error', refuse);
  parser.on('doctype', refuse);
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('opentag', ({ name, attributes }) => {
    const own = Object.entries(attributes).filter(([attribute]) => !/^xmlns(?::|$)/.test(attribute));
    stack.push({ name, members: own.map(([attribute, value]) => [`@${withoutPrefix(attribute)}`, value]), text: '' });
  });
  parser.on('closetag', () => {
    const node = stack.pop();
    if (node !== undefined) stack.at(-1)?.members.push([withoutPrefix(node.name), shapeOf(node)]);
  });
  parser.write(text).close();
  const [root] = stack;
  return refused || root === undefined ? undefined : shapeOf(root);
}

function shapeOf({ members, text }: Node): unknown {
  const trimmed = text.replace(/^[ \t\r\n]+/, '').replace(/[ \t\r\n]+$/, '');
  if (members.length === 0) return trimmed;
  const named = new Map<string, unknown[]>();
  for (const [name, value] of members) named.set(name, [...(named.get(name) ?? []), value]);
  if (trimmed !== '') named.set('#text', [trimmed]);
  return Object.fromEntries([...named].map(([name, all]) => [name, all.length === 1 ? all[0] : all]));
}

function withoutPrefix(name: string): string {
  return /[^:]+$/.exec(name)?.[0] ?? name;
}
