import type { ActionCall } from './actionCode';
import { runCalls } from './actions';
import { Chromium, type ChromiumContext } from './chromium';
import type { Page } from './page';
import { Tabs } from './tabs';

/** The one browser of the server, with its tabs. */
export class Browser {
  readonly #chromium: Chromium;
  readonly #tabs: Tabs;

  private constructor(chromium: Chromium, tabs: Tabs) {
    this.#chromium = chromium;
    this.#tabs = tabs;
  }

  /**
   * Starts the browser.
   *
   * @param downloads folder for what pages give to be kept
   * @throws Error when it does not start
   */
  static async start(program: string, context: ChromiumContext, downloads: string): Promise<Browser> {
    let tabs: Tabs | undefined;
    const chromium = await Chromium.start(program, context, (event) => tabs?.onEvent(event));
    try {
      tabs = new Tabs(chromium.cdp);
      await tabs.prepare();
      await chromium.cdp.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads });
      return new Browser(chromium, tabs);
    } catch (error) {
      await chromium.dispose();
      throw error;
    }
  }

  /** False once it has ended. */
  get alive(): boolean {
    return this.#chromium.alive;
  }

  /** The tab that the agent is in. */
  get page(): Page {
    return this.#tabs.active;
  }

  get pages(): readonly Page[] {
    return this.#tabs.all;
  }

  get activeIndex(): number {
    return this.#tabs.activeIndex;
  }

  /** @throws Error of the first call that fails */
  async run(calls: readonly ActionCall[]): Promise<void> {
    await runCalls(calls, this.#tabs);
  }

  /** Ends the browser. */
  async dispose(): Promise<void> {
    await this.#chromium.dispose();
  }
}
