import * as z from 'zod';
import type { CdpPipe, BrowserEvent } from './cdpPipe';
import { Page } from './page';

const created = z.object({ targetId: z.string() });
const attached = z.object({ sessionId: z.string() });
const targetEvent = z.object({
  targetInfo: z.object({ targetId: z.string(), type: z.string(), openerId: z.string().optional() }),
});
const destroyedEvent = z.object({ targetId: z.string() });
const targetsAnswer = z.object({ targetInfos: z.array(z.object({ targetId: z.string(), type: z.string() })) });

/** The tabs of the browser, and which of them the agent is in. */
export class Tabs {
  readonly #cdp: CdpPipe;
  readonly #pages: Page[] = [];
  #active: Page | undefined;
  /** Tabs that pages have opened, still to be looked into. */
  #opened: string[] = [];

  constructor(cdp: CdpPipe) {
    this.#cdp = cdp;
  }

  /** Takes over the tab that the browser began with. */
  async prepare(): Promise<void> {
    const { targetInfos } = targetsAnswer.parse(await this.#cdp.send('Target.getTargets'));
    const first = targetInfos.find(({ type }) => type === 'page');
    if (first === undefined) await this.open();
    else await this.#attach(first.targetId);
    await this.#cdp.send('Target.setDiscoverTargets', { discover: true });
  }

  /** The tab that actions go to. */
  get active(): Page {
    if (this.#active === undefined) throw new Error('No tab is open.');
    return this.#active;
  }

  get activeIndex(): number {
    return this.#pages.indexOf(this.active);
  }

  get all(): readonly Page[] {
    return this.#pages;
  }

  /** To be called with everything that happens. */
  onEvent({ method, params, sessionId }: BrowserEvent): void {
    if (sessionId !== undefined) {
      this.#pages.find((page) => page.sessionId === sessionId)?.onEvent(method);
    } else if (method === 'Target.targetCreated') {
      const { targetInfo } = targetEvent.parse(params);
      if (targetInfo.type === 'page' && targetInfo.openerId !== undefined) this.#opened.push(targetInfo.targetId);
    } else if (method === 'Target.targetDestroyed') {
      this.#forget(destroyedEvent.parse(params).targetId);
    }
  }

  /** Opens an empty tab and goes there. */
  async open(): Promise<void> {
    const { targetId } = created.parse(await this.#cdp.send('Target.createTarget', { url: 'about:blank' }));
    await this.#attach(targetId);
  }

  /** Closes the tab; with the last one an empty one is opened. */
  async close(): Promise<void> {
    const { targetId } = this.active;
    this.#forget(targetId);
    await this.#cdp.send('Target.closeTarget', { targetId });
    if (this.#pages.length === 0) await this.open();
  }

  /** @throws Error when there is no such tab */
  async focus(index: number): Promise<void> {
    const page = this.#pages.at(index);
    if (page === undefined) throw new RangeError(`There is no tab ${index}; ${this.#pages.length} are open.`);
    this.#active = page;
    await page.send('Page.bringToFront');
  }

  /** Waits until what an action has set off is there, tabs that were opened included. */
  async settled(): Promise<void> {
    await this.active.settled();
    const opened = this.#opened;
    this.#opened = [];
    for (const targetId of opened) {
      await this.#attach(targetId);
      await this.active.settled();
    }
  }

  async #attach(targetId: string): Promise<void> {
    const { sessionId } = attached.parse(await this.#cdp.send('Target.attachToTarget', { targetId, flatten: true }));
    const page = new Page(this.#cdp, targetId, sessionId);
    this.#pages.push(page);
    this.#active = page;
    await page.prepare();
  }

  #forget(targetId: string): void {
    const at = this.#pages.findIndex((page) => page.targetId === targetId);
    if (at === -1) return;
    const [page] = this.#pages.splice(at, 1);
    if (page === this.#active) this.#active = this.#pages.at(-1);
  }
}
