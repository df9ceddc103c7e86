import * as z from 'zod';

/** A node of a page's document, as Chromium tells it. */
interface DomNode {
  readonly backendNodeId: number;
  readonly nodeType: number;
  readonly nodeName: string;
  readonly frameId?: string | undefined;
  readonly shadowRootType?: string | undefined;
  readonly children?: readonly DomNode[] | undefined;
  readonly shadowRoots?: readonly DomNode[] | undefined;
  readonly contentDocument?: DomNode | undefined;
}

const domNode: z.ZodType<DomNode> = z.object({
  backendNodeId: z.number(),
  nodeType: z.number(),
  nodeName: z.string(),
  frameId: z.string().optional(),
  shadowRootType: z.string().optional(),
  get children() {
    return z.array(domNode).optional();
  },
  get shadowRoots() {
    return z.array(domNode).optional();
  },
  get contentDocument() {
    return domNode.optional();
  },
});

const documentAnswer = z.object({ root: domNode });
const elementType = 1;

/**
 * The names by which agents call a page's elements: numbers in the order of the document; a frame is a letter, and its
 * elements have that letter in front. An element keeps its name as long as its document lives, new ones get new names.
 */
export class Elements {
  #root = -1;
  #names = new Map<number, string>();
  #nodes = new Map<string, number>();
  #counters = new Map<string, { elements: number; frames: number }>();
  /** Element of a frame → id of what is in it. */
  #frames = new Map<number, string>();

  /** Names the elements of a document that have no name yet. @param answer what `DOM.getDocument` gave */
  update(answer: unknown): void {
    const { root } = documentAnswer.parse(answer);
    if (root.backendNodeId !== this.#root) {
      this.#root = root.backendNodeId;
      this.#names = new Map();
      this.#nodes = new Map();
      this.#counters = new Map();
      this.#frames = new Map();
    }
    this.#visit(root, '');
  }

  /** The name of a node; undefined when it has none. */
  nameOf(backendNodeId: number | undefined): string | undefined {
    return backendNodeId === undefined ? undefined : this.#names.get(backendNodeId);
  }

  /** The node with a name; undefined when there is none. */
  find(name: string): number | undefined {
    return this.#nodes.get(name);
  }

  /** The frame inside an element. */
  frameIn(backendNodeId: number | undefined): string | undefined {
    return backendNodeId === undefined ? undefined : this.#frames.get(backendNodeId);
  }

  #visit(node: DomNode, prefix: string): void {
    if (node.nodeType === elementType) this.#name(node, prefix);
    // What Chromium itself builds inside a control is no part of the page.
    const shadows = (node.shadowRoots ?? []).filter(({ shadowRootType }) => shadowRootType !== 'user-agent');
    for (const child of [...shadows, ...(node.children ?? [])]) this.#visit(child, prefix);
    if (node.contentDocument !== undefined) {
      this.#visit(node.contentDocument, this.#names.get(node.backendNodeId) ?? prefix);
    }
  }

  #name(node: DomNode, prefix: string): void {
    const isFrame = node.nodeName === 'IFRAME' || node.nodeName === 'FRAME';
    if (isFrame && node.frameId !== undefined) this.#frames.set(node.backendNodeId, node.frameId);
    if (this.#names.has(node.backendNodeId)) return;
    const counter = this.#counters.get(prefix) ?? { elements: 0, frames: 0 };
    this.#counters.set(prefix, counter);
    const name = prefix + (isFrame ? frameName(counter.frames++) : String(counter.elements++));
    this.#names.set(node.backendNodeId, name);
    this.#nodes.set(name, node.backendNodeId);
  }
}

/** a … z, then aA … : a lower-case letter begins a name, upper-case ones go on with it. */
function frameName(index: number): string {
  const first = String.fromCharCode('a'.charCodeAt(0) + (index % 26));
  return index < 26 ? first : first + frameName(Math.floor(index / 26) - 1).toUpperCase();
}
