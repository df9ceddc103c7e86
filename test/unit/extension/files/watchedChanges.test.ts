import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Uri, type FileChangeEvent, type FileType as EditorFileType } from 'vscode';
import type { FileStat } from '../../../../src/core/files/fileFacts';
import { KnownFolders, type Entries } from '../../../../src/extension/files/knownFolders';
import { KnownStats } from '../../../../src/extension/files/knownStats';
import { WatchedChanges } from '../../../../src/extension/files/watch/watchedChanges';
import { FileChangeType, FileType } from '../../../fakeVscode/values';

const root = Uri.parse('runloop://box/');
const at = (path: string): Uri => root.with({ path });
const version = (token: string): FileStat => ({
  type: 'file',
  isLink: false,
  size: 1,
  mtimeMs: 1,
  ctimeMs: 1,
  mode: '644',
  isWritable: true,
  token,
});
const entries = (...names: string[]): Entries => names.map((name) => [name, FileType.File as EditorFileType]);

const words = {
  [FileChangeType.Changed]: 'Changed',
  [FileChangeType.Created]: 'Created',
  [FileChangeType.Deleted]: 'Deleted',
};

/** What is told of changes, where the devbox has this in its only folder. */
function watching(inFolder: () => Entries) {
  const [known, folders] = [new KnownStats(), new KnownFolders()];
  const told: string[] = [];
  const lists: string[] = [];
  const tell = (changes: readonly FileChangeEvent[]): void => {
    told.push(...changes.map(({ type, uri }) => `${words[type]} ${uri.path}`));
  };
  /** As the file system lists. */
  const list = (folder: Uri): Promise<Entries> => {
    lists.push(folder.path);
    const changes = folders.record(folder, inFolder(), performance.now(), known.last(folder.toString())?.token);
    tell(changes.map(([uri, type]) => ({ uri, type })));
    return Promise.resolve(inFolder());
  };
  const changes = new WatchedChanges({ known, folders, list, tell });
  const take = (path: string, token: string): Promise<void> => changes.take(root, [{ kind: 'changed', path, token }]);
  return { known, folders, told, lists, list, take };
}

describe('What a watching process has said', () => {
  it('is told of a file of which a list or a look has shown the new version before', async () => {
    const { known, told, take } = watching(() => []);
    known.record(at('/in/f').toString(), version('1'));
    known.has(at('/in/f').toString(), '1');
    known.record(at('/in/f').toString(), version('2'));
    await take('/in/f', '2');
    assert.deepEqual(told, ['Changed /in/f']);
    await take('/in/f', '2');
    assert.equal(told.length, 1, 'told once');
  });

  it('is not told of a version that the editor has read or written', async () => {
    const { known, told, take } = watching(() => []);
    known.has(at('/in/read').toString(), '1');
    known.wrote(at('/in/written').toString(), version('2'));
    await take('/in/read', '1');
    await take('/in/written', '2');
    assert.deepEqual(told, []);
  });

  it('lists a folder that was looked at after the change, but not listed', async () => {
    let names = ['there'];
    const { known, told, lists, list, take } = watching(() => entries(...names));
    known.record(at('/in').toString(), version('1'));
    await list(at('/in'));
    names = ['new'];
    // The folder above is listed.
    known.record(at('/in').toString(), version('2'));
    await take('/in', '2');
    assert.deepEqual(told.toSorted(), ['Changed /in', 'Created /in/new', 'Deleted /in/there']);
    await take('/in', '2');
    assert.deepEqual(lists, ['/in', '/in'], 'not once more for what is told again');
  });

  it('is not undone by a list that was asked for before, and comes late', () => {
    const folders = new KnownFolders();
    folders.record(at('/in'), entries('old'), 10, undefined);
    folders.record(at('/in'), entries('new'), 30, undefined);
    assert.deepEqual(folders.record(at('/in'), entries('old'), 20, undefined), []);
    const came = folders.record(at('/in'), entries('new', 'newer'), 40, undefined);
    assert.deepEqual(
      came.map(([uri, type]) => [uri.path, type]),
      [['/in/newer', FileChangeType.Created]],
    );
  });

  it('is not hidden by a look that was begun before', () => {
    let now = 10;
    const known = new KnownStats(() => now);
    known.record('box/f', version('1'));
    now = 30;
    known.expire('box/f');
    known.record('box/f', version('1'), 20);
    assert.equal(known.fresh('box/f'), undefined, 'asked for before it was said to be old');
    known.record('box/f', version('2'), 30);
    known.record('box/f', version('1'), 25);
    assert.equal(known.fresh('box/f')?.token, '2');
  });
});
