import * as z from 'zod';
import { literalText } from '../pythonText';
import type { Elements } from './elements';

const axValue = z.object({ value: z.unknown() }).partial();
const axNode = z.object({
  nodeId: z.string(),
  role: axValue.optional(),
  name: axValue.optional(),
  value: axValue.optional(),
  properties: z.array(z.object({ name: z.string(), value: axValue })).optional(),
  childIds: z.array(z.string()).optional(),
  backendDOMNodeId: z.number().optional(),
});
const axAnswer = z.object({ nodes: z.array(axNode) });

type AxNode = z.infer<typeof axNode>;

/** A page's accessibility tree: that of its document and those of the frames in it, by frame. */
export type AxTrees = ReadonlyMap<string, readonly AxNode[]>;

/** @param answer what `Accessibility.getFullAXTree` gave */
export function parseAxTree(answer: unknown): readonly AxNode[] {
  return axAnswer.parse(answer).nodes;
}

/**
 * What is put to the elements of a page as the description of their role while its tree is read: without one, Chromium
 * leaves out elements that agents are used to see, such as labels and mere groups.
 */
export const describedMark = 'devbox-element';

const passedOver = new Set(['editable', 'readonly', 'level', 'settable', 'multiline', 'invalid', 'focusable']);
/** Said only when they hold. */
const flags = new Set(['required', 'focused', 'atomic']);

/**
 * A page's accessibility tree as a text: a line for each node, indented by tabs.
 *
 * @param root id of the page's own frame
 * @param clickable nodes that something happens to when they are clicked
 */
export function axTreeText(trees: AxTrees, root: string, elements: Elements, clickable: ReadonlySet<number>): string {
  const lines: string[] = [];
  const visitFrame = (frame: string, depth: number): void => {
    const nodes = trees.get(frame) ?? [];
    const byId = new Map(nodes.map((node) => [node.nodeId, node]));
    const visit = (node: AxNode, level: number, above: string): void => {
      const name = node.role?.value === 'LineBreak' || node.name === undefined ? undefined : text(node.name.value);
      // A text that its parent is named by would be said twice.
      const isShown = name !== undefined && !(node.role?.value === 'StaticText' && above.includes(name));
      if (isShown) lines.push('\t'.repeat(level) + lineOf(node, name, elements, clickable));
      const next = isShown ? level + 1 : level;
      for (const id of node.childIds ?? []) {
        const child = byId.get(id);
        if (child !== undefined && child !== node) visit(child, next, name ?? '');
      }
      const inner = elements.frameIn(node.backendDOMNodeId);
      if (inner !== undefined && inner !== frame) visitFrame(inner, next);
    };
    const [first] = nodes;
    if (first !== undefined) visit(first, depth, '');
  };
  visitFrame(root, 0);
  return lines.join('\n');
}

function lineOf(node: AxNode, name: string, elements: Elements, clickable: ReadonlySet<number>): string {
  const role = text(node.role?.value);
  const bid = elements.nameOf(node.backendDOMNodeId);
  const value = node.value?.value;
  const attributes =
    node.backendDOMNodeId !== undefined && bid !== undefined && clickable.has(node.backendDOMNodeId)
      ? ['clickable']
      : [];
  for (const property of node.properties ?? []) {
    const held = property.value.value;
    if (held === undefined || held === describedMark || passedOver.has(property.name)) continue;
    if (!flags.has(property.name)) attributes.push(`${property.name}=${literalText(held)}`);
    else if (held === true) attributes.push(property.name);
  }
  const head = role === 'generic' && name === '' ? role : `${role} ${literalText(name.trim())}`;
  const shownValue = value === undefined ? '' : ` value=${literalText(value)}`;
  return `${bid === undefined ? '' : `[${bid}] `}${head}${shownValue}${['', ...attributes].join(', ')}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
