import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, afterEach, before, beforeEach } from 'mocha';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { chromiumArgs, ensureChromium } from '../vscode/chromium';
import { CloseStack } from '../vscode/closeStack';
import { ensureVscode } from '../vscode/install';
import { type PlatformAccount, PlatformProcess } from '../platform/platformProcess';
import { artifactsDir, firstSight } from '../vscode/projectPaths';
import { notTried } from '../run/results';
import { listenForStop, Stopped } from '../vscode/stopSignals';
import { startWorkbenchStack, type WorkbenchStack } from '../vscode/workbenchStack';
import { ExtensionApi } from './extensionApi';
import { howBusy, ownLog, whatIsSeen } from './whatIsSeen';
import { Workbench } from './workbench/workbench';

/** How a {@link UiSession} is started. */
export interface UiSessionOptions {
  /** False starts it as for somebody without a key: no RUNLOOP_API_KEY in VS Code's environment. Default true. */
  readonly signedIn?: boolean;
  /** Settings to start with, beside those that keep VS Code quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** True shows and tells the extension what `npm start` does: view, walkthrough, a platform that is known to be a local one. */
  readonly firstSight?: boolean;
  /** True lets VS Code ask whether a folder is to be trusted. Default false. */
  readonly workspaceTrust?: boolean;
  /** Further environment variables of VS Code. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A platform, a VS Code and a browser of their own, all fresh; nothing of an earlier session is left in them. */
export interface UiSession {
  readonly workbench: Workbench;
  /** VS Code's API in the extension host of this workbench. */
  readonly api: ExtensionApi;
  /** The local platform behind the extension, as it is now: see {@link startAfresh}. */
  readonly platform: PlatformAccount & { readonly pid: number };
  /** For further pages, and for waiting for those that open by themselves. */
  readonly context: BrowserContext;
  readonly stack: WorkbenchStack;
  /**
   * The whole text of an output channel that is shown or has been shown in the panel.
   * @param channel a part of the channel's name
   */
  outputText(channel: string): Promise<string>;
  /**
   * Turns the window to a platform without devboxes, with the settings of the start, and clears the screen. What ran on the
   * platform before is ended.
   */
  startAfresh(): Promise<void>;
  dispose(): Promise<void>;
}

const openSessions = new Set<UiSession>();
const actionLimitMs = 30_000;
const viewport = { width: 1280, height: 800 };

/**
 * Starts a session and opens its workbench.
 * @throws whatever a part throws; nothing is then left running
 */
export async function startUiSession(options: UiSessionOptions = {}): Promise<UiSession> {
  const closing = new CloseStack();
  try {
    const session = await startParts(options, closing);
    openSessions.add(session);
    return session;
  } catch (error) {
    await closing.close();
    throw error;
  }
}

let listening = false;

/** A Ctrl-C reaches each process of a run: this one closes its sessions, and ends. */
function closeOnStop(): void {
  if (listening) return;
  listening = true;
  const { signal } = listenForStop();
  signal.addEventListener('abort', () => {
    void Promise.allSettled([...openSessions].map((session) => session.dispose())).then((endings) => {
      endings.forEach(
        (ending) =>
          ending.status === 'rejected' &&
          process.stderr.write(`A session did not end well: ${String(ending.reason)}\n`),
      );
      process.exit(signal.reason instanceof Stopped ? signal.reason.exitCode : 1);
    });
  });
}

/**
 * Gives the tests of a `describe` one session, started before the first and ended after the last of them. A failed test
 * leaves pictures of all pages, and the logs, in `artifacts/`, and is the last one of its session.
 * @param options or what makes them, for those that need something started first
 * @returns gets the session, in tests and hooks only
 */
export function useUiSession(options: UiSessionOptions | (() => Promise<UiSessionOptions>) = {}): () => UiSession {
  let session: UiSession | undefined;
  before(async function startSession() {
    this.timeout(300_000);
    closeOnStop();
    session = await startUiSession(typeof options === 'function' ? await options() : options);
  });
  let failed: string | undefined;
  beforeEach(function lookBack() {
    // What they would find is not what they were written for. The runner repeats all of them in a new window.
    if (failed !== undefined) throw new Error(`${notTried}as this failed before: ${failed}`);
  });
  afterEach(async function takePictures() {
    const test = this.currentTest;
    if (session === undefined || test?.state !== 'failed') return;
    const title = test.fullTitle();
    failed = title;
    await takeScreenshots(session.context.pages(), title);
    await keepLogs(session.stack, title);
    await tellWhatIsSeen(session);
  });
  after(async function endSession() {
    this.timeout(60_000);
    await session?.dispose();
    session = undefined;
  });
  return () => {
    if (session === undefined) {
      throw new Error('The session has not been started; it exists in tests and hooks only.');
    }
    return session;
  };
}

async function startParts(options: UiSessionOptions, closing: CloseStack): Promise<UiSession> {
  const signal = options.signal ?? new AbortController().signal;
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  const install = await ensureVscode(report, signal);
  const browserProgram = await ensureChromium(report, signal);
  const stateDir = await mkdtemp(join(tmpdir(), 'runloop-ui-'));
  closing.add(() => rm(stateDir, { recursive: true, force: true, maxRetries: 5 }));
  const api = await ExtensionApi.start();
  closing.add(() => api.dispose());
  const stack = await startWorkbenchStack({
    install,
    stateDir,
    port: 0,
    shortLived: true,
    extraExtensions: [await api.writeExtension(), ...(options.firstSight === true ? [firstSight] : [])],
    tellsLocal: options.firstSight === true,
    env: { ...api.environment, ...options.env },
    ...(options.signedIn === undefined ? {} : { signedIn: options.signedIn }),
    ...(options.settings === undefined ? {} : { settings: options.settings }),
    ...(options.workspaceTrust === undefined ? {} : { workspaceTrust: options.workspaceTrust }),
    signal,
  });
  closing.add(() => stack.dispose());
  const { platform } = stack;
  if (platform === undefined) {
    throw new Error('The session has no local platform.');
  }
  const browser = await chromium.launch({
    executablePath: browserProgram.executablePath,
    env: browserProgram.env,
    args: [...chromiumArgs],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  closing.add(() => browser.close());
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
  context.setDefaultTimeout(actionLimitMs);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: stack.origin });
  const workbench = new Workbench(await context.newPage());
  try {
    await workbench.open(stack.address);
    await api.ready();
  } catch (error) {
    await takeScreenshots(context.pages(), 'session start');
    await keepLogs(stack, 'session start');
    throw error;
  }
  let current = platform;
  let count = 1;
  const session: UiSession = {
    workbench,
    api,
    get platform() {
      return current;
    },
    context,
    stack,
    outputText: (channel) => outputText(api, channel),
    startAfresh: async () => {
      count += 1;
      const fresh = await PlatformProcess.start([], {
        apiKey: current.apiKey,
        dataDir: join(stateDir, `platform-${count}`),
        keepData: true,
        vscode: install,
        logFile: join(stack.ownLogsDir, `platform-${count}.log`),
        signal,
      });
      closing.add(async () => void (await fresh.stop()));
      const before = current;
      current = fresh;
      const address = (options.signedIn ?? true) ? { 'runloop.baseUrl': fresh.baseUrl } : {};
      await setSettings(api, { ...options.settings, ...address });
      await before.stop();
      await clearScreen(workbench, api);
    },
    dispose: async () => {
      openSessions.delete(session);
      await closing.close();
    },
  };
  return session;
}

/** Gives the settings of the extension and the theme these values, and takes all others of them back. */
async function setSettings(api: ExtensionApi, wanted: Readonly<Record<string, unknown>>): Promise<void> {
  await api.evaluate(async (vscode, json) => {
    const values = new Map<string, unknown>(Object.entries(JSON.parse(json) as object));
    const manifest = vscode.extensions.getExtension('runloop-devboxes.runloop-devboxes')?.packageJSON as {
      contributes: { configuration: { properties: object } };
    };
    const settings = vscode.workspace.getConfiguration();
    for (const name of [...Object.keys(manifest.contributes.configuration.properties), 'workbench.colorTheme']) {
      if (values.get(name) !== settings.inspect(name)?.globalValue) {
        await settings.update(name, values.get(name), vscode.ConfigurationTarget.Global);
      }
    }
  }, JSON.stringify(wanted));
}

async function clearScreen({ page }: Workbench, api: ExtensionApi): Promise<void> {
  await page.setViewportSize(viewport);
  // Away from what would show a tooltip.
  await page.mouse.move(900, 300);
  await api.evaluate(async (vscode) => {
    for (const command of [
      'workbench.action.closeQuickOpen',
      'workbench.action.closeAllEditors',
      'workbench.action.closePanel',
      'notifications.clearAll',
    ]) {
      await vscode.commands.executeCommand(command);
    }
  });
}

async function outputText(api: ExtensionApi, channel: string): Promise<string> {
  return await api.evaluate((vscode, name) => {
    // VS Code leaves these out of the name when it makes the address of a log channel.
    const plain = (text: string): string => text.replace(/[\\/:*?"<>|]/g, '');
    return vscode.workspace.textDocuments
      .filter(({ uri }) => uri.scheme === 'output' && plain(uri.path).includes(plain(name)))
      .map((document) => document.getText())
      .join('\n');
  }, channel);
}

/** Keeps what the platform and VS Code have printed so far. */
async function keepLogs(stack: WorkbenchStack, title: string): Promise<void> {
  await cp(stack.ownLogsDir, join(artifactsDir, `ui-logs-${fileName(title)}`), { recursive: true });
}

/** Prints what a picture would show: the report of a run elsewhere comes without its pictures. */
async function tellWhatIsSeen({ context, stack }: UiSession): Promise<void> {
  const parts = [howBusy(), ...context.pages().map(whatIsSeen), ownLog(stack.logsDir)];
  for (const part of await Promise.allSettled(parts.map((one) => Promise.race([one, sleep(5_000, 'took too long')])))) {
    process.stderr.write(`${part.status === 'fulfilled' ? part.value : String(part.reason)}\n`);
  }
}

function fileName(title: string): string {
  return title.replace(/[^\w-]+/g, '-').slice(0, 120);
}

async function takeScreenshots(pages: readonly Page[], title: string): Promise<void> {
  await mkdir(artifactsDir, { recursive: true });
  const name = fileName(title);
  for (const [index, page] of pages.entries()) {
    const path = join(artifactsDir, `ui-failure-${name}-${index + 1}.png`);
    try {
      await page.screenshot({ path, timeout: 5000 });
      process.stderr.write(`Screenshot: ${path}\n`);
    } catch (error) {
      process.stderr.write(`No screenshot of page ${index + 1} could be taken: ${String(error)}\n`);
    }
  }
}
