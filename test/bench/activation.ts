import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { ExtensionApi } from '../ui/extensionApi';
import { eventually } from '../eventually';
import { Workbench } from '../ui/workbench/workbench';
import { chromiumArgs, ensureChromium } from '../vscode/chromium';
import { ensureVscode, type VscodeInstall } from '../vscode/install';
import { startWorkbenchStack } from '../vscode/workbenchStack';
import { median, type Bench } from './bench';
import { buildShipped } from './shippedExtension';

const runs = 7;
const nothing = 'Does Nothing';
const ours = 'Runloop Devboxes';
/** Milliseconds after which a window that nobody touches has done what it does by itself. */
const restMs = 4_000;

/** Milliseconds of one activation, from the editor's own list of running extensions. */
async function activationMs(workbench: Workbench, name: string): Promise<number> {
  const row = workbench.page.locator('.runtime-extensions-editor .monaco-list-row').filter({ hasText: name });
  await row.waitFor({ timeout: 30_000 });
  const text = await row.locator('.activation-time').innerText();
  const ms = /(\d+)\s*ms/.exec(text)?.[1];
  if (ms === undefined) throw new Error(`The editor shows no activation time of ${name}: ${text}`);
  return Number(ms);
}

/** An extension that activates at the same event as ours and does nothing. */
async function writeNothing(folder: string): Promise<string> {
  const target = join(folder, 'nothing');
  await mkdir(target, { recursive: true });
  const manifest = {
    name: 'does-nothing',
    displayName: nothing,
    publisher: 'bench',
    version: '0.0.1',
    engines: { vscode: '^1.105.0' },
    type: 'module',
    main: './main.js',
    activationEvents: ['onStartupFinished'],
  };
  await writeFile(join(target, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(target, 'main.js'), 'export function activate() {}\n');
  return target;
}

/** Megabytes of live objects in the extension host, after the collector ran. */
async function heapMb(api: ExtensionApi): Promise<number> {
  return await api.evaluate(async () => {
    const { setFlagsFromString } = process.getBuiltinModule('node:v8');
    const { runInNewContext } = process.getBuiltinModule('node:vm');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    // What one run finds dead can hold other things that only the next finds.
    for (let round = 0; round < 4; round += 1) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return process.memoryUsage().heapUsed / 1e6;
  });
}

interface WindowOptions {
  readonly folder: string;
  readonly install: VscodeInstall;
  readonly browser: Browser;
  readonly extraExtension: string;
  /** Undefined: a VS Code without it. */
  readonly extension: string | undefined;
}

/** The extension host's process; undefined while one is replaced by the next. */
async function processId(api: ExtensionApi): Promise<number | undefined> {
  return api.evaluate(() => process.pid).catch(() => undefined);
}

/** Loads a window `runs` times and hands each to `look`; another load before that warms the caches. */
async function eachWindow(
  options: WindowOptions,
  look: (workbench: Workbench, api: ExtensionApi) => Promise<void>,
): Promise<void> {
  const api = await ExtensionApi.start();
  try {
    const stack = await startWorkbenchStack({
      install: options.install,
      stateDir: join(options.folder, options.extension === undefined ? 'without' : 'with'),
      port: 0,
      signedIn: false,
      extension: options.extension,
      extraExtensions: [options.extraExtension, await api.writeExtension()],
      env: api.environment,
      signal: new AbortController().signal,
    });
    try {
      const workbench = new Workbench(await options.browser.newPage({ viewport: { width: 1280, height: 1600 } }));
      await workbench.open(stack.address);
      let host = await processId(api);
      for (let run = 1; run <= runs; run += 1) {
        await workbench.reload();
        const earlier = host;
        host = await eventually(
          () => processId(api),
          (pid) => pid !== undefined && pid !== earlier,
        );
        await look(workbench, api);
      }
      await workbench.page.close();
    } finally {
      await stack.dispose();
    }
  } finally {
    await api.dispose();
  }
}

/** What users wait for when a window opens, and what it costs them while they do not use it. */
export const activationBench: Bench = {
  about: `Activation and memory of the shipped extension in a real VS Code, beside one that does nothing; ${runs} windows, the editor's own figures.`,
  async run(_arguments, print) {
    const folder = await mkdtemp(join(tmpdir(), 'runloop-bench-'));
    const signal = new AbortController().signal;
    try {
      const shipped = await buildShipped(folder);
      const install = await ensureVscode(print, signal);
      const program = await ensureChromium(print, signal);
      const browser = await chromium.launch({
        executablePath: program.executablePath,
        env: program.env,
        args: [...chromiumArgs],
      });
      const own: number[] = [];
      const base: number[] = [];
      const alone: number[] = [];
      const heapWith: number[] = [];
      const heapWithout: number[] = [];
      try {
        const options = { folder, install, browser, extraExtension: await writeNothing(folder) };
        await eachWindow({ ...options, extension: shipped.folder }, async (workbench, api) => {
          await workbench.page.waitForTimeout(restMs);
          heapWith.push(await heapMb(api));
          await workbench.runCommand('Developer: Show Running Extensions');
          own.push(await activationMs(workbench, ours));
          base.push(await activationMs(workbench, nothing));
          print(
            `activation ${own.at(-1) ?? 0} ms, doing nothing ${base.at(-1) ?? 0} ms, heap ${(heapWith.at(-1) ?? 0).toFixed(2)} MB`,
          );
        });
        await eachWindow({ ...options, extension: undefined }, async (workbench, api) => {
          await workbench.page.waitForTimeout(restMs);
          heapWithout.push(await heapMb(api));
          await workbench.runCommand('Developer: Show Running Extensions');
          alone.push(await activationMs(workbench, nothing));
          print(`without it: doing nothing ${alone.at(-1) ?? 0} ms, heap ${(heapWithout.at(-1) ?? 0).toFixed(2)} MB`);
        });
      } finally {
        await browser.close();
      }
      const ratio = median(own) / Math.max(1, median(base));
      // Both activate at one moment, and the one that does nothing may have waited for ours.
      const ratioAlone = median(own) / Math.max(1, median(alone));
      const heap = median(heapWith) - median(heapWithout);
      const { entryKb, sdkKb, vsixKb } = shipped;
      return {
        bench: 'activation',
        runs,
        results: { own, nothing: base, nothingAlone: alone, heapWith, heapWithout, entryKb, sdkKb, vsixKb },
        aims: [
          {
            name: 'activation beside doing nothing (medians)',
            goal: 'at most 1.5 times',
            value: ratio,
            met: ratio <= 1.5,
          },
          {
            name: 'activation, beside doing nothing in a VS Code without ours (medians)',
            goal: 'at most 3 times',
            value: ratioAlone,
            met: ratioAlone <= 3,
          },
          { name: 'entry bundle, minified', goal: 'at most 110 kB', value: entryKb, met: entryKb <= 110 },
          { name: 'Runloop SDK, minified', goal: 'at most 300 kB', value: sdkKb, met: sdkKb > 0 && sdkKb <= 300 },
          { name: 'VSIX, local platform included', goal: 'at most 2300 kB', value: vsixKb, met: vsixKb <= 2_300 },
          { name: 'heap of the idle extension (medians)', goal: 'at most 2 MB', value: heap, met: heap <= 2 },
        ],
      };
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  },
};
