import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before } from 'mocha';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { chromiumArgs, ensureChromium } from '../vscode/chromium';
import { CloseStack } from '../vscode/closeStack';
import { ensureVscode } from '../vscode/install';
import type { PlatformAccount } from '../vscode/localPlatform';
import { artifactsDir } from '../vscode/projectPaths';
import { listenForStop, Stopped } from '../vscode/stopSignals';
import { startWorkbenchStack, type WorkbenchStack } from '../vscode/workbenchStack';
import { ExtensionApi } from './extensionApi';
import { Workbench } from './workbench/workbench';

/** How a {@link UiSession} is started. */
export interface UiSessionOptions {
  /** False starts it as for somebody without a key: no RUNLOOP_API_KEY in VS Code's environment. Default true. */
  readonly signedIn?: boolean;
  /** Settings to start with, beside those that keep VS Code quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
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
  /** The local platform behind the extension. */
  readonly platform: PlatformAccount & { readonly pid: number | undefined };
  /** For further pages, and for waiting for those that open by themselves. */
  readonly context: BrowserContext;
  readonly stack: WorkbenchStack;
  /**
   * The whole text of an output channel that is shown or has been shown in the panel.
   * @param channel a part of the channel's name
   */
  outputText(channel: string): Promise<string>;
  dispose(): Promise<void>;
}

const openSessions = new Set<UiSession>();
const actionLimitMs = 15_000;

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
      endings.forEach((ending) => ending.status === 'rejected' && process.stderr.write(`A session did not end well: ${String(ending.reason)}\n`));
      process.exit(signal.reason instanceof Stopped ? signal.reason.exitCode : 1);
    });
  });
}

/**
 * Gives the tests of a `describe` one session, started before the first and ended after the last of them. A failed test
 * leaves pictures of all pages, and the logs, in `artifacts/`.
 * @param options or what makes them, for those that need something started first
 * @returns gets the session, in tests and hooks only
 */
export function useUiSession(options: UiSessionOptions | (() => Promise<UiSessionOptions>) = {}): () => UiSession {
  let session: UiSession | undefined;
  before(async function startSession() {
    this.timeout(120_000);
    closeOnStop();
    session = await startUiSession(typeof options === 'function' ? await options() : options);
  });
  afterEach(async function takePictures() {
    if (session !== undefined && this.currentTest?.state === 'failed') {
      await takeScreenshots(session.context.pages(), this.currentTest.fullTitle());
      await keepLogs(session.stack, this.currentTest.fullTitle());
    }
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
    extraExtensions: [await api.writeExtension()],
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
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
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
  const session: UiSession = {
    workbench,
    api,
    platform: { ...platform.account, pid: platform.pid },
    context,
    stack,
    outputText: (channel) => outputText(api, channel),
    dispose: async () => {
      openSessions.delete(session);
      await closing.close();
    },
  };
  return session;
}

async function outputText(api: ExtensionApi, channel: string): Promise<string> {
  return await api.evaluate(
    (vscode, name) => {
      // VS Code leaves these out of the name when it makes the address of a log channel.
      const plain = (text: string): string => text.replace(/[\\/:*?"<>|]/g, '');
      return vscode.workspace.textDocuments
        .filter(({ uri }) => uri.scheme === 'output' && plain(uri.path).includes(plain(name)))
        .map((document) => document.getText())
        .join('\n');
    },
    channel,
  );
}

/** Keeps what the platform and VS Code have printed so far. */
async function keepLogs(stack: WorkbenchStack, title: string): Promise<void> {
  await cp(stack.ownLogsDir, join(artifactsDir, `ui-logs-${fileName(title)}`), { recursive: true });
}

function fileName(title: string): string {
  return title.replace(/[^\w-]+/g, '-').slice(0, 80);
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
