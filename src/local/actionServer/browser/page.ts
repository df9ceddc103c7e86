import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import type { CdpPipe } from './cdpPipe';
import { Elements } from './elements';

/** The size that agents are used to, in pixels. */
export const pageSize = { width: 1280, height: 720 } as const;

/** How long a page may take to load, in ms, before what is there is shown. */
const loadLimit = 30_000;
/** How long after an action a page may begin to load something else, in ms. */
const settleTime = 300;

const navigateAnswer = z.object({ errorText: z.string().optional(), loaderId: z.string().optional() });
const evaluateAnswer = z.object({
  result: z.object({ value: z.unknown(), objectId: z.string().optional() }).partial(),
  exceptionDetails: z
    .object({ text: z.string(), exception: z.object({ description: z.string().optional() }).optional() })
    .optional(),
});
/** Where a thing is on the page. */
export const quadsAnswer = z.object({ quads: z.array(z.array(z.number())) });
const resolveAnswer = z.object({ object: z.object({ objectId: z.string() }) });

/** Of the nodes of a page, which can be clicked. */
export const clickableNodes = z.object({
  backendNodeId: z.array(z.number()),
  isClickable: z.object({ index: z.array(z.number()) }).optional(),
});

/** One tab of the browser. */
export class Page {
  readonly targetId: string;
  readonly sessionId: string;
  readonly elements = new Elements();
  readonly #cdp: CdpPipe;
  #loading = 0;
  #isLoading = false;

  constructor(cdp: CdpPipe, targetId: string, sessionId: string) {
    this.#cdp = cdp;
    this.targetId = targetId;
    this.sessionId = sessionId;
  }

  /** Makes the page tell what happens to it, and gives it the size that agents are used to. */
  async prepare(): Promise<void> {
    await Promise.all([
      this.send('Page.enable'),
      this.send('DOM.enable'),
      this.send('Accessibility.enable'),
      this.send('Emulation.setDeviceMetricsOverride', { ...pageSize, deviceScaleFactor: 1, mobile: false }),
    ]);
  }

  /** To be called with what happens to the page. */
  onEvent(method: string): void {
    if (method === 'Page.frameStartedLoading') {
      this.#loading += 1;
      this.#isLoading = true;
    } else if (method === 'Page.loadEventFired' || method === 'Page.frameStoppedLoading') {
      this.#loading = Math.max(0, this.#loading - 1);
      this.#isLoading = this.#loading > 0;
    }
  }

  send(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Record<string, unknown>> {
    return this.#cdp.send(method, params, this.sessionId);
  }

  /**
   * Opens an address.
   *
   * @throws Error when it cannot be loaded
   */
  async goto(url: string): Promise<void> {
    const log = `\nCall log:\n  - navigating to "${url}", waiting until "load"\n`;
    let answer: Record<string, unknown>;
    try {
      answer = await this.send('Page.navigate', { url });
    } catch (error) {
      throw new Error(`Page.goto: Protocol error (Page.navigate): ${messageOf(error)}${log}`, { cause: error });
    }
    const { errorText } = navigateAnswer.parse(answer);
    await this.settled();
    if (errorText !== undefined) throw new Error(`Page.goto: ${errorText} at ${url}${log}`);
  }

  /** Waits until what an action has set off is there. */
  async settled(): Promise<void> {
    await pause(settleTime);
    const limit = Date.now() + loadLimit;
    while (this.#isLoading && Date.now() < limit) await pause(20);
    this.#loading = 0;
    this.#isLoading = false;
    await this.nameElements();
  }

  /** Gives the elements of the page as it is now their names. */
  async nameElements(): Promise<void> {
    this.elements.update(await this.send('DOM.getDocument', { depth: -1, pierce: true }));
  }

  /**
   * The node that an agent means.
   *
   * @throws ValueError when there is none
   */
  node(bid: string): number {
    const node = this.elements.find(bid);
    if (node === undefined) throw new ValueError(`Could not find element with bid "${bid}"`);
    return node;
  }

  /**
   * Runs a function in the page.
   *
   * @param node what `this` is in it; undefined for the page's window
   * @throws Error with what the function threw
   */
  async call(node: number | undefined, source: string, ...values: readonly unknown[]): Promise<unknown> {
    const parameters = {
      functionDeclaration: source,
      arguments: values.map((value) => ({ value })),
      returnByValue: true,
      awaitPromise: true,
      userGesture: true,
    };
    const objectId = node === undefined ? await this.#window() : await this.#object(node);
    const { result, exceptionDetails } = evaluateAnswer.parse(
      await this.send('Runtime.callFunctionOn', { ...parameters, objectId }),
    );
    if (exceptionDetails !== undefined) {
      throw new Error((exceptionDetails.exception?.description ?? exceptionDetails.text).split('\n')[0]);
    }
    return result.value;
  }

  /**
   * The middle of an element, scrolled into view.
   *
   * @throws Error when nothing of it is to be seen
   */
  async centreOf(bid: string): Promise<{ readonly x: number; readonly y: number }> {
    const backendNodeId = this.node(bid);
    try {
      await this.send('DOM.scrollIntoViewIfNeeded', { backendNodeId });
      const [quad] = quadsAnswer.parse(await this.send('DOM.getContentQuads', { backendNodeId })).quads;
      if (quad === undefined) throw new Error('it has no size');
      const [x0 = 0, y0 = 0, , , x2 = 0, y2 = 0] = quad;
      return { x: (x0 + x2) / 2, y: (y0 + y2) / 2 };
    } catch (error) {
      throw new Error(`The element with bid "${bid}" cannot be seen: ${messageOf(error)}`, { cause: error });
    }
  }

  async #window(): Promise<string> {
    const { result } = evaluateAnswer.parse(await this.send('Runtime.evaluate', { expression: 'window' }));
    return result.objectId ?? '';
  }

  async #object(backendNodeId: number): Promise<string> {
    return resolveAnswer.parse(await this.send('DOM.resolveNode', { backendNodeId })).object.objectId;
  }
}

/** An agent asked for something with a value that cannot be. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
