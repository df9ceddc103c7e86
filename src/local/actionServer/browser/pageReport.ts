import { NodeHtmlMarkdown } from 'node-html-markdown';
import * as z from 'zod';
import { axTreeText, describedMark, parseAxTree, type AxTrees } from './axTree';
import { type Page, clickableNodes } from './page';

const screenshotAnswer = z.object({ data: z.string() });
interface FrameTree {
  readonly frame: { readonly id: string; readonly url: string };
  readonly childFrames?: readonly FrameTree[] | undefined;
}
const frameTree: z.ZodType<FrameTree> = z.object({
  frame: z.object({ id: z.string(), url: z.string() }),
  get childFrames() {
    return z.array(frameTree).optional();
  },
});
const framesAnswer = z.object({ frameTree });
const snapshotAnswer = z.object({ documents: z.array(z.object({ nodes: clickableNodes })) });

/** The address that a page shows. */
export async function urlOf(page: Page): Promise<string> {
  return String(await page.call(undefined, 'function () { return location.href; }'));
}

/** A picture of what a person would see, as PNG in base64. */
export async function screenshotOf(page: Page): Promise<string> {
  return screenshotAnswer.parse(await page.send('Page.captureScreenshot', { format: 'png' })).data;
}

/** What a page says, as Markdown. */
export async function textOf(page: Page): Promise<string> {
  const html = String(await page.call(undefined, 'function () { return document.body?.outerHTML ?? ""; }'));
  return NodeHtmlMarkdown.translate(html, { ignore: ['script', 'style', 'noscript', 'template', 'img', 'svg'] });
}

/** A page's accessibility tree, with the names of its elements, and the raw trees by frame. */
export async function axTreeOf(page: Page): Promise<{ readonly text: string; readonly trees: AxTrees }> {
  const { frameTree: root } = framesAnswer.parse(await page.send('Page.getFrameTree'));
  const trees = new Map<string, ReturnType<typeof parseAxTree>>();
  await page.call(undefined, markScript, describedMark);
  try {
    for (const frameId of framesOf(root)) {
      trees.set(frameId, parseAxTree(await page.send('Accessibility.getFullAXTree', { frameId })));
    }
  } finally {
    await page.call(undefined, unmarkScript, describedMark);
  }
  const snapshot = snapshotAnswer.parse(await page.send('DOMSnapshot.captureSnapshot', { computedStyles: [] }));
  const clickable = new Set(
    snapshot.documents.flatMap(({ nodes }) =>
      (nodes.isClickable?.index ?? []).map((index) => nodes.backendNodeId[index] ?? -1),
    ),
  );
  return { text: axTreeText(trees, root.frame.id, page.elements, clickable), trees };
}

/** The name of the element that has the focus; empty when there is none. */
export async function focusedOf(page: Page): Promise<string> {
  const { result } = z
    .object({ result: z.object({ objectId: z.string().optional() }) })
    .parse(await page.send('Runtime.evaluate', { expression: focusScript }));
  if (result.objectId === undefined) return '';
  const { node } = z
    .object({ node: z.object({ backendNodeId: z.number() }) })
    .parse(await page.send('DOM.describeNode', { objectId: result.objectId }));
  return page.elements.nameOf(node.backendNodeId) ?? '';
}

function framesOf({ frame, childFrames }: FrameTree): string[] {
  return [frame.id, ...(childFrames ?? []).flatMap(framesOf)];
}

/** For all elements that a script can reach, those in frames and open shadow roots included. */
const forAllElements = `const visit = (root, action) => {
    for (const element of root.querySelectorAll('*')) {
      action(element);
      if (element.shadowRoot) visit(element.shadowRoot, action);
      try { if (element.contentDocument) visit(element.contentDocument, action); } catch { continue; }
    }
  };`;

const markScript = `function (mark) {
  ${forAllElements}
  visit(document, (element) => { if (!element.hasAttribute('aria-roledescription')) element.setAttribute('aria-roledescription', mark); });
}`;

const unmarkScript = `function (mark) {
  ${forAllElements}
  visit(document, (element) => { if (element.getAttribute('aria-roledescription') === mark) element.removeAttribute('aria-roledescription'); });
}`;

const focusScript = `(() => {
  let element = document.activeElement;
  for (;;) {
    let inner = element?.shadowRoot?.activeElement;
    try { inner ??= element?.contentDocument?.activeElement; } catch { return element; }
    if (!inner) return element;
    element = inner;
  }
})()`;
