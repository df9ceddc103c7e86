import * as z from 'zod';
import { type Page, clickableNodes, pageSize, quadsAnswer } from './page';

/** Elements that people use, besides those that wait for clicks. */
const usable = new Set(['A', 'BUTTON', 'INPUT', 'SELECT', 'TEXTAREA', 'SUMMARY', 'OPTION', 'VIDEO', 'AUDIO', 'IFRAME']);
/** Elements that are the whole page. */
const pageItself = new Set(['HTML', 'BODY', '#document']);
/** Marks on one picture; more would hide what is below them. */
const mostMarks = 300;
/** The smallest area that is marked, in square pixels. */
const smallestArea = 20;

const snapshotAnswer = z.object({
  strings: z.array(z.string()),
  documents: z.array(
    z.object({
      nodes: clickableNodes.extend({ parentIndex: z.array(z.number()), nodeName: z.array(z.number()) }),
    }),
  ),
});
const locationAnswer = z.object({ backendNodeId: z.number() });
const worldAnswer = z.object({ executionContextId: z.number() });
const frameAnswer = z.object({ frameTree: z.object({ frame: z.object({ id: z.string() }) }) });
const drawnAnswer = z.object({ result: z.object({ value: z.string() }) });

/** Where an element is on the screenshot, in pixels. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What can be used on a page, by the names that agents give to it. */
interface Mark extends Box {
  readonly bid: string;
}

/**
 * A screenshot with a frame around each element that can be used and is to be seen, and its name (`bid`) at the frame.
 *
 * @param screenshot PNG in base64
 * @returns PNG in base64
 * @throws Error when the page goes away meanwhile
 */
export async function markedScreenshot(page: Page, screenshot: string): Promise<string> {
  const marks = await marksOf(page);
  const { frameTree } = frameAnswer.parse(await page.send('Page.getFrameTree'));
  // A world of its own: the page's scripts cannot see or change what is drawn.
  const { executionContextId } = worldAnswer.parse(
    await page.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: 'marks' }),
  );
  const answer = await page.send('Runtime.callFunctionOn', {
    functionDeclaration: drawScript,
    executionContextId,
    arguments: [{ value: screenshot }, { value: marks }],
    returnByValue: true,
    awaitPromise: true,
  });
  return drawnAnswer.parse(answer).result.value;
}

async function marksOf(page: Page): Promise<readonly Mark[]> {
  const { strings, documents } = snapshotAnswer.parse(
    await page.send('DOMSnapshot.captureSnapshot', { computedStyles: [] }),
  );
  const parents = new Map<number, number>();
  const candidates: number[] = [];
  for (const { nodes } of documents) {
    const clickable = new Set(nodes.isClickable?.index ?? []);
    nodes.backendNodeId.forEach((id, index) => {
      const parent = nodes.backendNodeId[nodes.parentIndex[index] ?? -1];
      if (parent !== undefined) parents.set(id, parent);
      const name = strings[nodes.nodeName[index] ?? -1] ?? '';
      if (!pageItself.has(name) && (usable.has(name.toUpperCase()) || clickable.has(index))) candidates.push(id);
    });
  }
  const marks: Mark[] = [];
  for (const id of candidates) {
    const bid = page.elements.nameOf(id);
    const box = bid === undefined ? undefined : await visibleBox(page, id, parents);
    if (bid !== undefined && box !== undefined) marks.push({ bid, ...box });
    if (marks.length === mostMarks) break;
  }
  return marks;
}

/** Where an element is to be seen; undefined when it is not, or something else lies over its middle. */
async function visibleBox(
  page: Page,
  backendNodeId: number,
  parents: ReadonlyMap<number, number>,
): Promise<Box | undefined> {
  const [quad] = await page.send('DOM.getContentQuads', { backendNodeId }).then(
    (answer) => quadsAnswer.parse(answer).quads,
    // What is not laid out has no place.
    () => [],
  );
  if (quad === undefined) return undefined;
  const [xs, ys] = [quad.filter((_, at) => at % 2 === 0), quad.filter((_, at) => at % 2 === 1)];
  const [x, y] = [Math.max(0, Math.min(...xs)), Math.max(0, Math.min(...ys))];
  const [width, height] = [
    Math.min(pageSize.width, Math.max(...xs)) - x,
    Math.min(pageSize.height, Math.max(...ys)) - y,
  ];
  if (width <= 0 || height <= 0 || width * height < smallestArea) return undefined;
  const location = { x: Math.round(x + width / 2), y: Math.round(y + height / 2), includeUserAgentShadowDOM: false };
  let over: number | undefined = await page.send('DOM.getNodeForLocation', location).then(
    (answer) => locationAnswer.parse(answer).backendNodeId,
    // Nothing that has a name: a frame of another site, say.
    () => backendNodeId,
  );
  while (over !== undefined && over !== backendNodeId) over = parents.get(over);
  return over === undefined ? undefined : { x, y, width, height };
}

const drawScript = `async (base64, marks) => {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const pen = canvas.getContext('2d');
  pen.drawImage(picture, 0, 0);
  pen.font = 'bold 12px sans-serif';
  pen.textBaseline = 'top';
  pen.lineWidth = 2;
  marks.forEach(({ bid, x, y, width, height }, at) => {
    // Neighbours differ: the golden angle puts each colour far from the one before.
    const colour = 'hsl(' + Math.round((at * 137.5) % 360) + ' 90% 35%)';
    pen.strokeStyle = colour;
    pen.strokeRect(x, y, width, height);
    const wide = pen.measureText(bid).width + 4;
    const [left, above] = [Math.min(x, picture.width - wide), y >= 14 ? y - 14 : y];
    pen.fillStyle = colour;
    pen.fillRect(left, above, wide, 14);
    pen.fillStyle = 'white';
    pen.fillText(bid, left + 2, above + 1);
  });
  const drawn = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer());
  let text = '';
  for (let at = 0; at < drawn.length; at += 32768) text += String.fromCharCode(...drawn.subarray(at, at + 32768));
  return btoa(text);
}`;
