#!/usr/bin/env node
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Page } from 'playwright-core';
import { deadline } from '../../src/ground/deadline';
import { chromiumArgs, ensureChromium } from './chromium';
import { cleanEnvironment } from './cleanEnvironment';
import { CloseStack } from './closeStack';
import { ensureLowestVscode, ensureVscode } from './install';
import { parseLauncherArguments, type LauncherArguments } from './launcherArguments';
import { countLine } from './mochaRun';
import { artifactsDir } from './projectPaths';
import { listenForStop, Stopped } from './stopSignals';
import { SuiteListener } from './suiteListener';
import { lowestVscodeVariable, suiteSocketVariable } from './suiteProtocol';
import { connectSuiteSender } from './suiteSender';
import { WorkbenchServer } from './workbenchServer';

/*
 * Takes the place of the desktop VS Code that `@vscode/test-electron` starts: runs the same suite in the extension host
 * of a web-hosted VS Code whose workbench is open in a headless Chromium. Exits with 0 only if the editor said so, the
 * suite itself has come to its end, and no extension host has died on the way.
 */

/** Limit of a whole run, in seconds; RUNLOOP_TEST_LIMIT changes it. */
const defaultLimitSeconds = 300;

const failureCode = { testsFailed: 1, brokenRun: 2, timeLimit: 99 } as const;

/** The run cannot be trusted or has not come to its end; the message says why. */
class RunFailure extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function launch(args: LauncherArguments, closing: CloseStack, signal: AbortSignal): Promise<void> {
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  const ensure = process.env[lowestVscodeVariable] === '1' ? ensureLowestVscode : ensureVscode;
  const install = await ensure(report, signal);
  const browserProgram = await ensureChromium(report, signal);
  const scratch = await mkdtemp(join(tmpdir(), 'runloop-host-tests-'));
  closing.add(() => rm(scratch, { recursive: true, force: true, maxRetries: 3 }));
  const suite = await listenToSuite(closing);
  closing.add(() => suite.dispose());
  await mkdir(artifactsDir, { recursive: true });

  const server = await WorkbenchServer.start({
    install,
    serverDataDir: scratch,
    ...(args.userDataDir === undefined ? {} : { userDataDir: args.userDataDir }),
    ...(args.extensionsDir === undefined ? {} : { extensionsDir: args.extensionsDir }),
    env: cleanEnvironment({ [suiteSocketVariable]: suite.socketPath }),
    smokeTestDriver: true,
    workspaceTrust: !args.disableWorkspaceTrust,
    logFile: join(artifactsDir, 'host-tests-server.log'),
    signal,
  });
  closing.add(() => server.dispose());
  const browser = await chromium.launch({
    executablePath: browserProgram.executablePath,
    env: browserProgram.env,
    args: [...chromiumArgs],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  closing.add(() => browser.close());
  signal.throwIfAborted();
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  try {
    const code = await runSuite(page, server, pageAddress(args, server.port), signal);
    judge(code, suite);
  } catch (error) {
    if (!(error instanceof Stopped)) {
      await takeScreenshot(page);
    }
    throw error;
  }
}

/** What the suite says goes on to whoever has started this launcher and listens, otherwise to stdout. */
async function listenToSuite(closing: CloseStack): Promise<SuiteListener> {
  const upstream = process.env[suiteSocketVariable];
  if (upstream === undefined) {
    return SuiteListener.start((message) => print(message.type === 'line' ? message.text : countLine(message.counts)));
  }
  const sender = await connectSuiteSender(upstream);
  closing.add(() => sender.close());
  return SuiteListener.start((message) => sender.send(message));
}

/** @returns the code that the editor wants to end with */
async function runSuite(page: Page, server: WorkbenchServer, address: string, signal: AbortSignal): Promise<number> {
  const limitSeconds = Number(process.env['RUNLOOP_TEST_LIMIT'] ?? defaultLimitSeconds);
  const limit = deadline(limitSeconds * 1000);
  let stopListening: (() => void) | undefined;
  try {
    return await new Promise<number>((resolve, reject) => {
      const broken = (message: string): void => reject(new RunFailure(message, failureCode.brokenRun));
      stopListening = server.onExtensionHostDeath(({ line }) => broken(`The extension host has died: ${line}`));
      void server.ended.then(() => broken('The VS Code server has ended in the middle of the run.'));
      page.on('crash', () => broken('The page with the workbench has crashed.'));
      page.on('close', () => broken('The page with the workbench was closed.'));
      limit.addEventListener('abort', () =>
        reject(new RunFailure(`The run took longer than its limit of ${limitSeconds} s.`, failureCode.timeLimit)),
      );
      signal.addEventListener('abort', () =>
        reject(signal.reason instanceof Error ? signal.reason : new Error('Stopped.')),
      );
      const start = async (): Promise<void> => {
        await page.exposeFunction('codeAutomationLog', () => undefined);
        await page.exposeFunction('codeAutomationExit', (code: number) => {
          // The server's line about a dead extension host may come a little after the editor has ended.
          void sleep(300).then(() => resolve(code));
        });
        await page.goto(address);
      };
      start().catch((error: unknown) => broken(`The workbench could not be opened: ${String(error)}`));
    });
  } finally {
    stopListening?.();
  }
}

function judge(code: number, suite: SuiteListener): void {
  const { counts } = suite;
  if (counts === undefined) {
    throw new RunFailure(
      `The test suite ended before its last test (the editor's code is ${code}).`,
      failureCode.brokenRun,
    );
  }
  if (counts.passed + counts.failed === 0) {
    throw new RunFailure('The test suite ran no test.', failureCode.brokenRun);
  }
  if (counts.failed > 0 || code !== 0) {
    throw new RunFailure(counts.failed > 0 ? '' : `The editor ended with code ${code}.`, failureCode.testsFailed);
  }
}

function pageAddress(args: LauncherArguments, port: number): string {
  const remote = (path: string): string => `vscode-remote://127.0.0.1:${port}${encodeURI(path)}`;
  const payload: [string, string][] = [
    ['extensionDevelopmentPath', remote(args.extensionDevelopmentPath)],
    ['extensionTestsPath', remote(args.extensionTestsPath)],
    ['enableProposedApi', ''],
    ['skipWelcome', 'true'],
    ['skipReleaseNotes', 'true'],
    ...(args.disableExtensions ? [['disableExtensions', 'true'] as [string, string]] : []),
  ];
  const query = new URLSearchParams({
    ...(args.folder === undefined ? { ew: 'true' } : { folder: args.folder }),
    payload: JSON.stringify(payload),
  });
  return `http://127.0.0.1:${port}/?${query.toString()}`;
}

async function takeScreenshot(page: Page): Promise<void> {
  const file = join(artifactsDir, 'host-tests-failure.png');
  try {
    await page.screenshot({ path: file, timeout: 5000 });
    print(`Screenshot: ${file}`);
  } catch (error) {
    print(
      `No screenshot could be taken: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
    );
  }
}

/** `@vscode/test-electron` drops what is still in the pipe when this process exits: wait until it is read. */
async function flush(): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  await new Promise<void>((resolve) => process.stderr.write('', () => resolve()));
  await sleep(150);
}

async function main(): Promise<number> {
  const stop = listenForStop();
  const closing = new CloseStack();
  let exitCode = 0;
  try {
    await launch(parseLauncherArguments(process.argv.slice(2)), closing, stop.signal);
  } catch (error) {
    exitCode = error instanceof RunFailure || error instanceof Stopped ? error.exitCode : failureCode.brokenRun;
    const message = error instanceof Error ? error.message : String(error);
    if (message !== '') {
      print(message);
    }
  }
  try {
    await closing.close();
  } catch (error) {
    print(String(error));
    exitCode ||= failureCode.brokenRun;
  }
  await flush();
  stop.dispose();
  return exitCode;
}

// Nothing may keep a finished run alive.
process.exit(await main());
