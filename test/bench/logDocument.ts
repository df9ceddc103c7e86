import { RunloopApi } from '../../src/core/platform/runloopApi';
import { eventually } from '../eventually';
import { startUiSession, type UiSession } from '../ui/uiSession';
import type { Bench } from './bench';

const howMany = 500_000;

/** What is measured in the extension host: the longest time for which it could do nothing else, and its own work. */
interface Blocks {
  /** Milliseconds on the clock: other programs on the computer count. */
  readonly wallMs: number;
  /** Milliseconds of its own CPU within one such block: only what it did itself counts. */
  readonly cpuMs: number;
  /** Milliseconds on the clock of the longest garbage collection: the more the computer is used, the more of it has to wait. */
  readonly gcMs: number;
}

/**
 * A log of half a million lines as a document in a real VS Code, beside the usual way, which gives the editor the text
 * as a whole.
 */
export const logDocumentBench: Bench = {
  about: `logdoc: a log of ${howMany} lines as a document in a real VS Code`,
  async run(_args, print) {
    const session = await startUiSession();
    try {
      const api = new RunloopApi({ apiKey: session.platform.apiKey, baseUrl: session.platform.baseUrl });
      const script = `let n = 0; const go = () => { while (n < ${howMany}) { let part = ""; for (let i = 0; i < 500; i++, n++) part += "line " + n + " of a log, with as much text as lines have: " + Math.random() + "\\n";
        if (!process.stdout.write(part)) { process.stdout.once("drain", go); return; } } }; go();`;
      const { id } = await api.devboxes.create(
        { name: 'half-a-million', entrypoint: `exec node -e '${script}'` },
        { requestId: crypto.randomUUID() },
      );
      await eventually(
        () => api.devboxes.retrieve(id),
        ({ status }) => status === 'shutdown',
        120_000,
      );
      await watch(session);
      await session.workbench.page.waitForTimeout(3_000);
      const noise = await blocks(session);
      print(`nothing (the noise of this computer): ${text(noise)}`);

      const opening = performance.now();
      await session.api.evaluate(async (vscode, devbox) => {
        await vscode.commands.executeCommand('runloop.openLog', devbox);
      }, id);
      await linesReach(session, 100);
      const firstLinesMs = performance.now() - opening;
      await linesReach(session, howMany);
      const allLinesMs = performance.now() - opening;
      const opened = await blocks(session);
      print(
        `opened: first lines after ${Math.round(firstLinesMs)} ms, all after ${Math.round(allLinesMs)} ms; ${text(opened)}`,
      );
      await session.workbench.screenshot('bench-logdoc');

      const finding = performance.now();
      await session.workbench.page.locator('.editor-group-container.active .view-lines').click();
      await session.workbench.page.keyboard.press('Control+F');
      await session.workbench.page
        .locator('.find-widget.visible textarea')
        .first()
        .fill(`line ${howMany - 1} `);
      await session.workbench.page
        .locator('.find-widget .matchesCount')
        .getByText('1 of 1')
        .waitFor({ timeout: 60_000 });
      const findMs = performance.now() - finding;
      const found = await blocks(session);
      print(`the last line found with the editor's own search after ${Math.round(findMs)} ms; ${text(found)}`);
      const searching = performance.now();
      await search(session, `line ${howMany - 1} `);
      const searchMs = performance.now() - searching;
      const searched = await blocks(session);
      print(`the last line found with "Search Logs…" after ${Math.round(searchMs)} ms; ${text(searched)}`);
      const memoryMb = await session.api.evaluate(() => process.memoryUsage().rss / 2 ** 20);

      const whole = await openWhole(session);
      print(`the usual way, the text as a whole: all after ${Math.round(whole.ms)} ms; ${text(whole.blocks)}`);
      const aim = (name: string, goal: string, value: number, met: boolean) => ({ name, goal, value, met });
      return {
        bench: 'logdoc',
        runs: 1,
        results: {
          lines: howMany,
          noise,
          firstLinesMs,
          allLinesMs,
          opened,
          findMs,
          found,
          searchMs,
          searched,
          memoryMb,
          whole,
        },
        aims: [
          aim(
            'longest work of the extension host in one go while opening, ms of CPU',
            'under 100',
            opened.cpuMs,
            opened.cpuMs < 100,
          ),
          aim(
            'longest work of the extension host in one go while searching, ms of CPU',
            'under 100',
            searched.cpuMs,
            searched.cpuMs < 100,
          ),
          aim(
            'longest block of the extension host, ms on the clock',
            `under 100 (noise: ${Math.round(noise.wallMs)})`,
            opened.wallMs,
            opened.wallMs < Math.max(100, noise.wallMs),
          ),
        ],
      };
    } finally {
      await session.dispose();
    }
  },
};

function text({ wallMs, cpuMs, gcMs }: Blocks): string {
  return `longest block ${wallMs.toFixed(1)} ms, longest work in one go ${cpuMs.toFixed(1)} ms, longest garbage collection ${gcMs.toFixed(1)} ms`;
}

/** Watches the event loop from inside: how late a timer of a millisecond is, and what CPU was used meanwhile. */
async function watch(session: UiSession): Promise<void> {
  await session.api.evaluate(() => {
    const seen = { wallMs: 0, cpuMs: 0, gcMs: 0 };
    const { PerformanceObserver } = process.getBuiltinModule('node:perf_hooks');
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.gcMs = Math.max(seen.gcMs, duration);
    }).observe({ entryTypes: ['gc'] });
    (globalThis as unknown as { benchBlocks: typeof seen }).benchBlocks = seen;
    // The CPU of this thread alone, where Node can tell; what its garbage collector does beside it holds nobody up.
    const cpu = (): number => {
      const { user, system } =
        'threadCpuUsage' in process
          ? (process as unknown as { threadCpuUsage(): NodeJS.CpuUsage }).threadCpuUsage()
          : process.cpuUsage();
      return (user + system) / 1000;
    };
    let [wall, used] = [performance.now(), cpu()];
    setInterval(() => {
      const [now, usedNow] = [performance.now(), cpu()];
      seen.wallMs = Math.max(seen.wallMs, now - wall);
      seen.cpuMs = Math.max(seen.cpuMs, usedNow - used);
      [wall, used] = [now, usedNow];
    }, 1);
  });
}

/** The longest blocks since the last call. */
async function blocks(session: UiSession): Promise<Blocks> {
  return session.api.evaluate(() => {
    const seen = (globalThis as unknown as { benchBlocks: { wallMs: number; cpuMs: number; gcMs: number } })
      .benchBlocks;
    const now = { wallMs: seen.wallMs, cpuMs: seen.cpuMs, gcMs: seen.gcMs };
    seen.gcMs = 0;
    seen.wallMs = 0;
    seen.cpuMs = 0;
    return now;
  });
}

async function linesReach(session: UiSession, lines: number): Promise<void> {
  await eventually(
    () => session.api.evaluate((vscode) => vscode.window.activeTextEditor?.document.lineCount ?? 0),
    (count) => count >= lines,
    180_000,
  );
}

/** Looks for a text in the log as a person would, until it is found. */
async function search({ workbench }: UiSession, words: string): Promise<void> {
  await workbench.page.keyboard.press('Escape');
  await workbench.runCommand('Runloop: Search Logs…');
  await workbench.quickInput.row('half-a-million').locator('.monaco-checkbox').first().click();
  await workbench.quickInput.accept();
  await workbench.quickInput.waitFor('Enter what to search for');
  await workbench.quickInput.accept(words);
  await workbench.tree('Log Search').row('half-a-million').waitForDescription('1 line', 120_000);
}

/** The same text, as much of it as the editor takes, given by a provider as one. */
async function openWhole(session: UiSession): Promise<{ readonly ms: number; readonly blocks: Blocks }> {
  await session.api.evaluate((vscode) => {
    const text_ = vscode.window.activeTextEditor?.document.getText() ?? '';
    // Of a longer text the editor says "Files above 50MB cannot be synchronized with extensions" and opens nothing.
    const whole = text_.slice(0, text_.lastIndexOf('\n', 49 * 2 ** 20));
    vscode.workspace.registerTextDocumentContentProvider('bench-whole', { provideTextDocumentContent: () => whole });
  });
  await session.workbench.page.waitForTimeout(2_000);
  await blocks(session);
  const began = performance.now();
  await session.api.evaluate(async (vscode) => {
    await vscode.window.showTextDocument(vscode.Uri.from({ scheme: 'bench-whole', path: '/whole.txt' }));
  });
  await linesReach(session, howMany / 2);
  const ms = performance.now() - began;
  return { ms, blocks: await blocks(session) };
}
