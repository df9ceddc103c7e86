import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { Workbench } from '../ui/workbench/workbench';
import { chromiumArgs, ensureChromium } from '../vscode/chromium';
import { ensureVscode } from '../vscode/install';
import { projectRoot } from '../vscode/projectPaths';
import { startWorkbenchStack } from '../vscode/workbenchStack';
import { median, type Bench } from './bench';

const runs = 7;
const nothing = 'Does Nothing';
const ours = 'Runloop Devboxes';

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

/** Minified sizes in kB: the entry with what it loads at once, and what the SDK adds on first use. */
async function sizes(folder: string): Promise<{ entry: number; sdk: number }> {
  const config = readFileSync(join(projectRoot, 'package.json'), 'utf8');
  if (!config.includes('"main": "./dist/extension.js"')) throw new Error('The entry has another name by now.');
  const outdir = join(folder, 'dist');
  const result = await build({
    entryPoints: { extension: join(projectRoot, 'src/extension.ts') },
    outdir,
    bundle: true,
    minify: true,
    keepNames: true,
    splitting: true,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['vscode'],
    alias: { 'whatwg-url': join(projectRoot, 'src/core/platform/whatwgUrl.ts') },
    logLevel: 'error',
  });
  const { outputs } = result.metafile;
  /** An output and all that is loaded with it. */
  const closure = (start: string | undefined): ReadonlySet<string> => {
    const seen = new Set<string>();
    const visit = (path: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      for (const { kind, external, path: next } of outputs[path]?.imports ?? []) {
        if (kind === 'import-statement' && external !== true) visit(next);
      }
    };
    if (start !== undefined) visit(start);
    return seen;
  };
  const find = (ending: string): string | undefined =>
    Object.keys(outputs).find((path) => outputs[path]?.entryPoint?.includes(ending) === true);
  const kilobytes = (paths: readonly string[]): number =>
    paths.reduce((total, path) => total + (outputs[path]?.bytes ?? 0), 0) / 1000;
  const entry = closure(find('src/extension.ts'));
  const sdk = closure(find('@runloop/api-client'));
  return { entry: kilobytes([...entry]), sdk: kilobytes([...sdk].filter((path) => !entry.has(path))) };
}

/** What users wait for when a window opens: loading and activating the extension, beside one that does nothing. */
export const activationBench: Bench = {
  about: `Activation in a real VS Code beside an extension that does nothing, ${runs} window loads, by the editor's own figures.`,
  async run(_arguments, say) {
    const folder = await mkdtemp(join(tmpdir(), 'runloop-bench-'));
    const signal = new AbortController().signal;
    const own: number[] = [];
    const base: number[] = [];
    try {
      const { entry, sdk } = await sizes(folder);
      const install = await ensureVscode(say, signal);
      const program = await ensureChromium(say, signal);
      const stack = await startWorkbenchStack({
        install,
        stateDir: join(folder, 'state'),
        port: 0,
        signedIn: false,
        extraExtensions: [await writeNothing(folder)],
        signal,
      });
      try {
        const browser = await chromium.launch({ executablePath: program.executablePath, env: program.env, args: [...chromiumArgs] });
        try {
          const workbench = new Workbench(await browser.newPage({ viewport: { width: 1280, height: 1600 } }));
          for (let run = 1; run <= runs; run += 1) {
            await workbench.open(stack.address);
            await workbench.runCommand('Developer: Show Running Extensions');
            own.push(await activationMs(workbench, ours));
            base.push(await activationMs(workbench, nothing));
            say(`run ${run}: ${own.at(-1) ?? 0} ms, doing nothing ${base.at(-1) ?? 0} ms`);
          }
        } finally {
          await browser.close();
        }
      } finally {
        await stack.dispose();
      }
      const ratio = median(own) / Math.max(1, median(base));
      return {
        bench: 'activation',
        runs,
        results: { own, nothing: base, entryKb: entry, sdkKb: sdk },
        aims: [
          { name: 'activation beside doing nothing (medians)', goal: 'at most 3 times', value: ratio, met: ratio <= 3 },
          { name: 'entry bundle, minified', goal: 'at most 150 kB', value: entry, met: entry <= 150 },
          { name: 'Runloop SDK, minified', goal: 'at most 300 kB', value: sdk, met: sdk > 0 && sdk <= 300 },
        ],
      };
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  },
};
