import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionCommands } from '../../src/core/channel/executionCommands';
import { searchFiles, type FileQuery } from '../../src/core/files/fileSearch';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { CountingProxy } from '../platform/countingProxy';
import { rootAddress } from '../ui/devboxAddress';
import { startUiSession, type UiSession } from '../ui/uiSession';
import { content, filesDevbox, signal, type FilesDevbox } from '../unit/core/files/useFiles';
import { ensureVscode } from '../vscode/install';
import { median, type Bench } from './bench';
import { startDelay } from './delay';

const names = 5_000;
const searched = 100_000;
const repeats = 5;
/** Milliseconds of a round trip through the delay. */
const delayMs = 150;
/** Milliseconds in which what nobody looks at must ask nothing. */
const hiddenMs = 20_000;
/** What the one watching process of a devbox takes; it is not part of an open or a save. */
const watching = new Set(['execute_async', 'executions']);

const facts = '%y %m %s %T@ %C@ %D.%i %P\\0';
const bareFind = `cd /tmp/many && find . -mindepth 1 -maxdepth 1 -printf '${facts}' > /dev/null`;
const bareRg = 'cd /tmp/searched && rg -F --hidden -n needle ./ > /tmp/hits; test "$(wc -l < /tmp/hits)" = 1000';
const query: FileQuery = {
  text: 'needle',
  isRegExp: false,
  matchCase: true,
  isWord: false,
  include: [],
  exclude: [],
};

/** Texts of which the second needs packing, and the third is too large even then. */
const texts: Readonly<Record<string, string>> = {
  '1 kB': 'a line of text\n'.repeat(70),
  '300 kB': Array.from({ length: 8_000 }, (_, line) => `const value${line} = compute(${line});\n`).join(''),
  '200 kB that do not pack': Array.from({ length: 200 * 16 }, () => `${randomText(63)}\n`).join(''),
};

/** The files of a devbox in a real VS Code: requests and round trips of a list, an open and a save, and a search beside `rg`. */
export const filesBench: Bench = {
  about: `files: requests of a list, an open, a save and of nobody looking; ${names} names beside one find, ${searched} files beside rg`,
  async run(_args, print) {
    const session = await startUiSession();
    const { platform } = session;
    const proxy = await CountingProxy.start(platform.baseUrl);
    const delay = await startDelay(Number(new URL(proxy.baseUrl).port), delayMs / 2);
    try {
      const box = await filesDevbox(new RunloopApi({ apiKey: platform.apiKey, baseUrl: proxy.baseUrl }), 'bench');
      await prepare(box);
      const near = await measureEditor(session, { box, proxy, baseUrl: proxy.baseUrl, print });
      print(`as it is: ${JSON.stringify(near)}`);
      const hidden = await requestsWhileHidden(session, { box, proxy });
      print(`requests in ${hiddenMs / 1_000} s in which nobody looks: ${hidden}`);
      const far = await measureEditor(session, { box, proxy, baseUrl: delay.url, print });
      print(`with ${delayMs} ms between: ${JSON.stringify(far)}`);
      print(`one find in the devbox: ${Math.round(near.findMs)} ms`);
      const { search, rg } = await measureSearch(box);
      print(`search of ${searched} files: ${Math.round(search)} ms; rg in the devbox: ${Math.round(rg)} ms`);
      const atMost = (name: string, goal: number, value: number) => ({
        name,
        goal: `at most ${goal}`,
        value,
        met: value <= goal,
      });
      const kinds = Object.keys(texts);
      const roundTrips = (what: keyof Figures['ms'], kind: string): number =>
        Math.max(0, Math.round(((far.quickestMs[what][kind] ?? NaN) - (near.quickestMs[what][kind] ?? NaN)) / delayMs));
      return {
        bench: 'files',
        runs: repeats,
        results: { near, far, hidden, searchMs: search, rgMs: rg },
        aims: [
          atMost('requests of a list', 1, near.requests.list['all'] ?? NaN),
          ...kinds.map((kind) => atMost(`requests of an open, ${kind}`, 2, near.requests.open[kind] ?? NaN)),
          ...kinds.map((kind) => atMost(`requests of a save, ${kind}`, 2, near.requests.save[kind] ?? NaN)),
          atMost('requests while nobody looks', 0, hidden),
          atMost('round trips of a list', 2, roundTrips('list', 'all')),
          ...kinds.map((kind) => atMost(`round trips of an open, ${kind}`, 2, roundTrips('open', kind))),
          ...kinds.map((kind) => atMost(`round trips of a save, ${kind}`, 2, roundTrips('save', kind))),
          atMost(`a list of ${names} names ÷ one find`, 2, (near.quickestMs.list['all'] ?? NaN) / near.findMs),
          atMost(`a search of ${searched} files ÷ rg`, 1.3, search / rg),
        ],
      };
    } finally {
      delay.close();
      await proxy.stop();
      await session.dispose();
    }
  },
};

type ByKind = Record<string, number>;

interface Figures {
  /** The most that one of its kind took. */
  readonly requests: { readonly list: ByKind; readonly open: ByKind; readonly save: ByKind };
  /** Medians. */
  readonly ms: { readonly list: ByKind; readonly open: ByKind; readonly save: ByKind };
  /** What two places differ by is told by these: what else the computer does only ever adds. */
  readonly quickestMs: Figures['ms'];
  /** One find in the devbox that prints what a list tells, into nothing: the quickest. */
  readonly findMs: number;
}

async function prepare({ bash, files, commands }: FilesDevbox): Promise<void> {
  await bash(`mkdir /tmp/many && cd /tmp/many && seq -f 'name of a file %05.0f' ${names} | xargs -d '\\n' touch`);
  await bash('mkdir -p /tmp/texts /tmp/searched');
  await commands.run(
    `cd /tmp/searched && seq 0 99 | xargs mkdir && seq 0 ${searched - 1} |
      awk '{f = $1 % 100 "/file" $1; print "the first line of " $1 "\\n" ($1 % 100 == 7 ? "a needle" : "hay") > f; close(f)}'`,
    { signal, deadlineMs: 120_000 },
  );
  for (const [kind, text] of Object.entries(texts)) {
    for (let count = 0; count < repeats; count += 1) {
      const options = { create: true, overwrite: true, token: 'any', signal };
      await files.write(`/tmp/texts/${count} ${kind}.txt`, content(text), options);
    }
  }
}

/** What the editor's own list, open and save take. Each file is opened for the first time, changed and saved twice. */
async function measureEditor(
  { api, workbench, platform }: UiSession,
  {
    box,
    proxy,
    baseUrl,
    print,
  }: {
    readonly box: FilesDevbox;
    readonly proxy: CountingProxy;
    readonly baseUrl: string;
    readonly print: (line: string) => void;
  },
): Promise<Figures> {
  await api.evaluate(
    (vscode, url) =>
      vscode.workspace.getConfiguration('runloop').update('baseUrl', url, vscode.ConfigurationTarget.Global),
    baseUrl,
  );
  await workbench.openViewContainer('Runloop');
  await workbench.runCommand('Runloop: Refresh Devboxes');
  const row = workbench.tree('Devboxes').row('bench');
  await row.waitFor(30_000);
  await row.click();
  await workbench.page.keyboard.press('ArrowRight');
  await workbench.tree('Devboxes').row('Files').waitFor(30_000);
  await workbench.tree('Devboxes').row('Files').click();
  await workbench.page.keyboard.press('ArrowRight');
  // What the view itself asks for is no part of it.
  await workbench.tree('Devboxes').row('/').waitFor(30_000);
  await sleep(1_500);
  const root = rootAddress({ baseUrl, apiKey: platform.apiKey }, box.id);
  const none = (): Figures['ms'] => ({ list: {}, open: {}, save: {} });
  const measured = { requests: none(), ms: none(), quickestMs: none(), findMs: Infinity };
  const times = new Map<string, number[]>();
  const one = async (what: keyof Figures['ms'], kind: string, work: () => Promise<void>): Promise<void> => {
    proxy.reset();
    const begin = performance.now();
    await work();
    const took = performance.now() - begin;
    const kindsAsked = requestsOf(box, proxy).filter((path) => !watching.has(path));
    const asked = kindsAsked.length;
    if (asked > (measured.requests[what][kind] ?? 0)) print(`${what}, ${kind}: ${kindsAsked.join(', ')}`);
    measured.requests[what][kind] = Math.max(measured.requests[what][kind] ?? 0, asked);
    times.set(`${what} ${kind}`, [...(times.get(`${what} ${kind}`) ?? []), took]);
    const all = times.get(`${what} ${kind}`) ?? [];
    measured.ms[what][kind] = median(all);
    measured.quickestMs[what][kind] = Math.min(...all);
  };
  // By turns with what it is compared with, so that whatever else the computer does falls on both.
  for (let count = 0; count < repeats * 2; count += 1) {
    measured.findMs = Math.min(measured.findMs, await took(() => box.bash(bareFind)));
    await one('list', 'all', async () => {
      const found = await api.evaluate(
        async (vscode, address) =>
          (await vscode.workspace.fs.readDirectory(vscode.Uri.parse(address).with({ path: '/tmp/many' }))).length,
        root,
      );
      if (found !== names) throw new Error(`${found} names came instead of ${names}.`);
    });
  }
  for (const [kind, text] of Object.entries(texts)) {
    for (let count = 0; count < repeats; count += 1) {
      await one('open', kind, () => open(api, root, `/tmp/texts/${count} ${kind}.txt`));
      // As somebody does who reads before typing; the process that watches is there by then.
      await sleep(1_500);
      await edit(api);
      await one('save', kind, () => save(api));
      await edit(api);
      await sleep(700);
      await one('save', kind, () => save(api));
      const now = await box.bash(`wc -c < '/tmp/texts/${count} ${kind}.txt'`);
      if (Number(now) < text.length + 2) throw new Error('A save did not arrive.');
    }
  }
  return measured;
}

/** Requests with which the window asked for one devbox. */
function requestsOf({ id }: FilesDevbox, proxy: CountingProxy): readonly string[] {
  const start = `/v1/devboxes/${id}`;
  return proxy.paths
    .filter((path) => path.startsWith(start))
    .map((path) => path.slice(start.length).replace(/\?.*/, '').split('/')[1] ?? 'retrieve');
}

function open(api: UiSession['api'], root: string, path: string): Promise<void> {
  return api.evaluate(
    async (vscode, address, at) => {
      const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(address).with({ path: at }));
      await vscode.window.showTextDocument(document);
    },
    root,
    path,
  );
}

function edit(api: UiSession['api']): Promise<void> {
  return api.evaluate(async (vscode) => {
    const is = await vscode.window.activeTextEditor?.edit((builder) => builder.insert(new vscode.Position(0, 0), 'x'));
    if (is !== true) throw new Error('Nothing can be edited.');
  });
}

function save(api: UiSession['api']): Promise<void> {
  return api.evaluate(async (vscode) => {
    if ((await vscode.window.activeTextEditor?.document.save()) !== true) throw new Error('It was not saved.');
  });
}

/** Closes all that shows a file or a folder, and counts what is asked when the last look is over. */
async function requestsWhileHidden(
  { api, workbench }: UiSession,
  { box, proxy }: { readonly box: FilesDevbox; readonly proxy: CountingProxy },
): Promise<number> {
  await api.evaluate(async (vscode) => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });
  await workbench.openViewContainer('Explorer');
  await sleep(10_000);
  proxy.reset();
  await sleep(hiddenMs);
  return requestsOf(box, proxy).length;
}

/** A search by what the extension searches with, and the program by itself. */
async function measureSearch(box: FilesDevbox): Promise<{ readonly search: number; readonly rg: number }> {
  const { serverRoot } = await ensureVscode(() => undefined, signal);
  const folder = join(serverRoot, 'node_modules/@vscode');
  const [own = ''] = readdirSync(folder).filter((name) => name.startsWith('ripgrep'));
  const program = await readFile(join(folder, own, `bin/linux-${process.arch}/rg`));
  const options = { create: true, overwrite: true, token: 'any', isExecutable: true, signal };
  await box.files.write('/tmp/rg', content(program), options);
  const withRg = (command: string): string => `PATH=/tmp:$PATH\n${command}`;
  const { commands } = box;
  const context = {
    commands: {
      run: commands.run.bind(commands),
      open: (command: string, of: Parameters<ExecutionCommands['open']>[1]) => commands.open(withRg(command), of),
    },
    devboxId: '',
    requireRunning: () => Promise.resolve(),
  };
  const bare = (): Promise<string> => box.bash(withRg(bareRg));
  const searchAll = async (): Promise<void> => {
    const searching = searchFiles(context, '/tmp/searched', query, signal);
    let found = 0;
    for (let next = await searching.next(); next.done !== true; next = await searching.next()) {
      found += next.value.length;
    }
    if (found !== searched / 100) throw new Error(`${found} lines were found.`);
  };
  // By turns, so that whatever else the computer does falls on both; and the quickest of each, as that only ever adds.
  const times = { search: Infinity, rg: Infinity };
  for (let count = 0; count < repeats * 2; count += 1) {
    times.rg = Math.min(times.rg, await took(bare));
    times.search = Math.min(times.search, await took(searchAll));
  }
  return times;
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

function randomText(length: number): string {
  return Array.from(
    { length },
    () => 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/'[Math.floor(Math.random() * 64)],
  ).join('');
}
