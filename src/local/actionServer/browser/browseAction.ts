import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { ActingUser } from '../actingUser';
import type { ActionRequest } from '../actionRequest';
import { makeFolder } from '../files/makeFolder';
import { errorObservation, type Observation } from '../observations';
import type { DevboxPaths } from '../paths';
import { parseCalls } from './actionCode';
import { Browser } from './browser';
import { Chromium, type ChromiumContext } from './chromium';
import { markedScreenshot } from './marks';
import { type Page, messageOf } from './page';
import { axTreeOf, focusedOf, screenshotOf, textOf, urlOf } from './pageReport';

/** How long one step may take, in ms. */
const stepLimit = 120_000;
/** What is answered where there is no browser. */
export const noBrowser = 'Browser functionality is not supported or disabled.';

/** What the browser's actions work with. */
export interface BrowseContext extends ChromiumContext {
  readonly paths: DevboxPaths;
  readonly workingDir: string;
  /** Whose the files are that a page leaves. */
  readonly user: ActingUser;
}

/** Executes `browse` and `browse_interactive`: one browser for the whole server, started by the first of them. */
export class BrowseActions {
  readonly #context: BrowseContext;
  readonly #downloads: string;
  #browser: Browser | undefined;
  #downloaded = 0;

  constructor(context: BrowseContext) {
    this.#context = context;
    this.#downloads = context.paths.toHost('/workspace/.downloads');
  }

  /** Does what the action says and shows the page; what goes wrong on the way is part of the answer. */
  async run(request: ActionRequest): Promise<Observation> {
    const { args, action } = request;
    const code =
      action === 'browse'
        ? `goto(${JSON.stringify(this.#address(args.requiredText('url')))})`
        : args.requiredText('browser_actions');
    const wholeTree = args.flag('return_axtree');
    const browser = await this.#ready();
    if (browser === undefined) return errorObservation(noBrowser);
    try {
      return await this.#step(browser, action, code, wholeTree);
    } catch (error) {
      if (browser.alive) throw error;
      this.#context.log.error('Browser: it ended during an action', error);
      return errorObservation('The browser ended during the action. The next one starts it again.');
    }
  }

  /** Ends the browser. */
  async dispose(): Promise<void> {
    await this.#browser?.dispose();
  }

  async #step(browser: Browser, action: string, code: string, wholeTree: boolean): Promise<Observation> {
    const before = new Set(await this.#files());
    let problem = '';
    try {
      await withinLimit(browser.run(parseCalls(code)));
    } catch (error) {
      problem = `${error instanceof Error ? error.name : 'Error'}: ${messageOf(error)}`;
      await browser.page.nameElements();
    }
    const fresh =
      problem === '' || action === 'browse' ? undefined : (await this.#files()).find((name) => !before.has(name));
    return fresh === undefined ? this.#report(browser, action, code, problem, wholeTree) : this.#download(fresh);
  }

  async #ready(): Promise<Browser | undefined> {
    if (this.#browser?.alive === true) return this.#browser;
    await this.#browser?.dispose();
    this.#browser = undefined;
    const { log } = this.#context;
    const program = Chromium.find(this.#context);
    if (program === undefined) {
      log.warn('Browser: there is no Chromium on PATH, and RUNLOOP_LOCAL_CHROMIUM names none');
      return undefined;
    }
    try {
      this.#browser = await Browser.start(program, this.#context, this.#downloads);
      log.info('Browser: started');
    } catch (error) {
      log.error('Browser: could not be started', error);
    }
    return this.#browser;
  }

  /** What does not look like an address is a path beside the server's folder. */
  #address(url: string): string {
    return url.startsWith('http') ? url : `${this.#context.paths.toDevbox(process.cwd())}${url}`;
  }

  async #report(
    browser: Browser,
    action: string,
    code: string,
    problem: string,
    wholeTree: boolean,
  ): Promise<Observation> {
    const { page } = browser;
    const [url, focused, screenshot] = [await urlOf(page), await focusedOf(page), await screenshotOf(page)];
    const file = await this.#keepScreenshot(screenshot);
    const tree = await axTreeOf(page);
    const content =
      action === 'browse'
        ? textReport(url, problem, await textOf(page))
        : treeReport({ url, focused, file, problem, tree: tree.text });
    return {
      message: `Visited ${url}`,
      observation: 'browse',
      content,
      extras: {
        url,
        trigger_by_action: action,
        screenshot: `data:image/png;base64,${screenshot}`,
        screenshot_path: file,
        set_of_marks: await this.#marked(page, screenshot),
        error: problem !== '',
        goal_image_urls: [],
        open_pages_urls: await Promise.all(browser.pages.map(urlOf)),
        active_page_index: browser.activeIndex,
        dom_object: {},
        axtree_object: wholeTree ? { nodes: [...tree.trees.values()].flat() } : {},
        extra_element_properties: {},
        last_browser_action: code,
        last_browser_action_error: problem,
        focused_element_bid: focused,
        filter_visible_only: false,
      },
    };
  }

  /** The screenshot with marks; without them the picture alone has to do. */
  async #marked(page: Page, screenshot: string): Promise<string> {
    try {
      return `data:image/png;base64,${await markedScreenshot(page, screenshot)}`;
    } catch (error) {
      this.#context.log.warn(`Browser: the marks could not be drawn (${messageOf(error)})`);
      return '';
    }
  }

  async #keepScreenshot(screenshot: string): Promise<string> {
    const folder = join(this.#context.workingDir, '.browser_screenshots');
    const { user } = this.#context;
    await makeFolder(folder, (path) => user.chown(path));
    const time = new Date().toISOString().replace(/[-:Z]/g, '').replace(/[T.]/g, '_');
    const file = join(folder, `screenshot_${time}.png`);
    await writeFile(file, Buffer.from(screenshot, 'base64'));
    await user.chown(file);
    return this.#context.paths.toDevbox(file);
  }

  async #files(): Promise<string[]> {
    try {
      return await readdir(this.#downloads);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  }

  /** A page gave a file instead of a page. */
  async #download(name: string): Promise<Observation> {
    const { paths, user } = this.#context;
    this.#downloaded += 1;
    const file = paths.toHost(`/workspace/file_${this.#downloaded}${extname(name)}`);
    await mkdir(paths.toHost('/workspace'), { recursive: true });
    await copyFile(join(this.#downloads, name), file);
    await user.chown(file);
    const shown = paths.toDevbox(file);
    const text = `The browser downloaded a file. It is at ${shown}`;
    return { message: text, observation: 'download', content: text, extras: { file_path: shown } };
  }
}

async function withinLimit(step: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('Browser environment took too long to respond.')), stepLimit);
  });
  try {
    await Promise.race([step, late]);
  } finally {
    clearTimeout(timer);
  }
}

function errorBlock(occasion: string, problem: string): string {
  return `================ BEGIN error message ===============\n${occasion}\n${problem}\n================ END error message ===============\n`;
}

function textReport(url: string, problem: string, text: string): string {
  const error = problem === '' ? '' : errorBlock('The address could not be visited:', problem);
  return `[Current URL: ${url}]\n${error}============== BEGIN webpage content ==============\n${text}\n============== END webpage content ==============\n`;
}

function treeReport(page: {
  readonly url: string;
  readonly focused: string;
  readonly file: string;
  readonly problem: string;
  readonly tree: string;
}): string {
  const outcome =
    page.problem === '' ? '[Action executed successfully.]\n' : errorBlock('The last action failed:', page.problem);
  return (
    `[Current URL: ${page.url}]\n[Focused element bid: ${page.focused}]\n[Screenshot saved to: ${page.file}]\n\n${outcome}` +
    'Accessibility tree of the COMPLETE webpage:\nNote: the word in brackets at the beginning of a line is the bid by which actions name that element.\n' +
    `============== BEGIN accessibility tree ==============\n${page.tree}\n============== END accessibility tree ==============\n`
  );
}
