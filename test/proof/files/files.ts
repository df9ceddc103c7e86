import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { rootAddress } from '../../ui/devboxAddress';
import { startUiSession, type UiSession } from '../../ui/uiSession';
import { filesDevbox, type FilesDevbox } from '../../unit/core/files/useFiles';
import type { Campaign, Counts, Running } from '../campaign';
import type { Dice } from '../dice';
import { drawOperation, seedScript, treeScript, type Operation } from './operations';

/** Operations of a run. */
const operations = 50;

/**
 * Random operations on a folder of a devbox and on one of this computer, by the editor's own interface in one extension host.
 * Each must come to the same on both sides: what it gives, or the code with which it fails; and so must the trees.
 */
export const filesCampaign: Campaign = {
  about:
    'files: random operations on runloop: and on file: in one extension host give the same, fail with the same codes and end with equal trees',
  runs: 5_000 / operations,
  async begin() {
    const session = await startUiSession();
    try {
      const running = await filesRuns(session);
      return {
        run: (dice, index) => running.run(dice, index),
        end: async () => {
          await running.end();
          await session.dispose();
        },
      };
    } catch (error) {
      await session.dispose();
      throw error;
    }
  },
};

/** The runs of the campaign in a window that is there. */
export async function filesRuns({ api, platform }: UiSession): Promise<Running> {
  const { baseUrl, apiKey } = platform;
  const box = await filesDevbox(new RunloopApi({ apiKey, baseUrl }), 'proof');
  const local = await mkdtemp(join(tmpdir(), 'runloop-proof-'));
  const root = rootAddress(platform, box.id);
  return {
    run: async (dice: Dice, index: number): Promise<Counts> => {
      const drawn = Array.from({ length: operations }, () => drawOperation(dice));
      const name = String(index);
      const seed = seedScript(dice);
      await onBoth(box, local, `mkdir ${name} && cd ${name} && ${seed}`);
      const here = await performed(api, `file://${local}/${name}`, drawn);
      const there = await performed(api, `${root}tmp/proof/${name}`, drawn);
      const counts: Record<string, number> = { operations, failed: 0 };
      for (const [at, operation] of drawn.entries()) {
        const [a = '', b = ''] = [here[at], there[at]];
        if (codeOf(a) !== a) counts['failed'] = (counts['failed'] ?? 0) + 1;
        counts[operation.kind] = (counts[operation.kind] ?? 0) + 1;
        // Node gives up half-way there, and leaves what no other program would: no run goes on from that.
        if (codeOf(a) !== codeOf(b) && /^(?:copy|rename)$/.test(operation.kind) && /ELOOP/.test(a)) {
          await onBoth(box, local, `rm -rf ${name}`);
          return { ...counts, 'ended at a link to itself': 1 };
        }
        if (codeOf(a) !== codeOf(b)) {
          const before = drawn
            .slice(Math.max(0, at - 6), at)
            .map(wordsOf)
            .join(', ');
          throw new Error(`${wordsOf(operation)}: file: ${a}; runloop: ${b}; before it ${before}`);
        }
      }
      const [tree, other] = await onBoth(box, local, `cd ${name} && ${treeScript}`);
      if (tree !== other) throw new Error(`The trees differ.\nfile:\n${tree}\nrunloop:\n${other}`);
      await onBoth(box, local, `rm -rf ${name}`);
      return counts;
    },
    end: () => rm(local, { recursive: true, force: true }),
  };
}

/** What must be the same on both sides: the words of a failure are each one's own. */
function codeOf(line: string): string {
  return /^code \w+/.exec(line)?.[0] ?? line;
}

/** An operation without what it writes. */
function wordsOf({ kind, path, to, yes, bytes }: Operation): string {
  return `${kind} ${JSON.stringify([path, to])} ${yes ? 'yes' : 'no'} ${bytes}`;
}

/** Runs a script of the shell in both places. @returns what it says, of this computer first */
async function onBoth(box: FilesDevbox, local: string, script: string): Promise<readonly [string, string]> {
  const { stdout } = await promisify(execFile)('bash', ['-c', `umask 022; cd ${local} && ${script}`]);
  return [stdout, await box.bash(`umask 022; mkdir -p /tmp/proof; cd /tmp/proof && ${script}`)];
}

/** Does operations below a folder, one after the other, in the extension host. @returns a line about each */
async function performed(api: UiSession['api'], folder: string, drawn: readonly Operation[]): Promise<string[]> {
  return api.evaluate(
    async (vscode, address, json) => {
      const { createHash } = process.getBuiltinModule('node:crypto');
      const top = vscode.Uri.parse(address);
      const at = (path: string) => top.with({ path: `${top.path}${path === '' ? '' : `/${path}`}` });
      const { fs } = vscode.workspace;
      // Links to themselves are not told of folders of this computer.
      const listed = async (uri: ReturnType<typeof at>) => {
        const names: [string, number][] = [];
        for (const [name, type] of await fs.readDirectory(uri)) {
          const isThere = type !== vscode.FileType.SymbolicLink || (await isTold(vscode.Uri.joinPath(uri, name)));
          if (isThere) names.push([name, type]);
        }
        return names.sort(([a], [b]) => (a < b ? -1 : 1));
      };
      const isTold = (uri: ReturnType<typeof at>) =>
        fs.stat(uri).then(
          () => true,
          () => false,
        );
      const perform = async (one: Operation): Promise<string> => {
        const uri = at(one.path);
        switch (one.kind) {
          case 'stat': {
            const { type, size } = await fs.stat(uri);
            return `${type} ${(type & vscode.FileType.Directory) === 0 ? size : ''}`;
          }
          case 'list':
            return JSON.stringify(await listed(uri));
          case 'read':
            return createHash('sha256')
              .update(await fs.readFile(uri))
              .digest('hex');
          case 'write':
            await fs.writeFile(uri, Buffer.from(one.text).subarray(0, one.bytes));
            return 'written';
          case 'folder':
            await fs.createDirectory(uri);
            return 'made';
          case 'delete':
            await fs.delete(uri, { recursive: one.yes, useTrash: false });
            return 'gone';
          case 'rename':
            await fs.rename(uri, at(one.to), { overwrite: one.yes });
            return 'moved';
          case 'copy':
            await fs.copy(uri, at(one.to), { overwrite: one.yes });
            return 'copied';
        }
      };
      const lines: string[] = [];
      for (const one of JSON.parse(json) as Operation[]) {
        try {
          lines.push(await perform(one));
        } catch (error) {
          lines.push(
            error instanceof vscode.FileSystemError ? `code ${error.code}: ${error.message}` : `other ${String(error)}`,
          );
        }
      }
      return lines;
    },
    folder,
    JSON.stringify(drawn),
  );
}
