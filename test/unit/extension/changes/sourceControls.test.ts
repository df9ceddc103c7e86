import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ChangesReport } from '../../../../src/core/changes/changesReport';
import type { ChangeKind, FileChange } from '../../../../src/core/changes/compare';
import type { Devbox } from '../../../../src/core/platform/devbox';
import { ChangeNode, type NodeChanges } from '../../../../src/extension/changes/changeNode';
import type { DevboxState, LookedAt } from '../../../../src/extension/changes/devboxLook';
import { reviewedFile } from '../../../../src/extension/changes/review/reviewedFile';
import { SourceControls } from '../../../../src/extension/changes/sourceControl/sourceControls';
import { addedTo, type FakeSourceControl } from '../../../fakeVscode/contributed';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';
import { EventEmitter, Uri } from '../../../fakeVscode/values';

const root = Uri.from({ scheme: 'runloop', authority: 'd.00000000', path: '/' });
const side = { mode: '100644', id: 'a'.repeat(40), isWork: false, size: 1, isLarge: false };

function change(path: string, kind: ChangeKind = 'modified'): FileChange {
  return { kind, path, from: undefined, before: side, after: side, isHidden: false, isFiltered: false };
}

function repository(top: string, uncommitted: readonly FileChange[]): LookedAt {
  const report: ChangesReport = {
    head: 'h',
    branch: 'main',
    format: 'sha1',
    common: `${top}/.git`,
    start: undefined,
    turn: undefined,
    status: [],
    files: new Map(),
    since: [],
    sinceTurn: [],
    hidden: new Set(),
    filtered: new Set(),
  };
  const groups = { uncommitted, sinceStart: [], thisTurn: undefined };
  return { top, found: { top, report, groups, digest: String(uncommitted.length) } };
}

describe('Repositories of devboxes in Source Control', () => {
  const used = useFakeEditor();

  function controlsOf({ name = 'box', isText = (): Promise<boolean> => Promise.resolve(true) } = {}): {
    readonly controls: SourceControls;
    readonly failed: unknown[];
    readonly show: (...repositories: readonly LookedAt[]) => Promise<void>;
    readonly open: (top: string) => Promise<void>;
  } {
    let state: DevboxState | undefined;
    const failed: unknown[] = [];
    const controls = new SourceControls({
      stateOf: () => state,
      store: {
        get: (id) => ({ id, name, status: 'running' }) as Devbox,
        onDidChange: new EventEmitter<unknown>().event as never,
      },
      fileOf: (uri) => reviewedFile(uri, [{ devboxId: 'd', state }]),
      isText,
      onOpened: () => undefined,
      fail: (error) => failed.push(error),
    });
    used.editor.commands.set('workbench.view.scm', () => undefined);
    const show = async (...repositories: readonly LookedAt[]): Promise<void> => {
      state = { root, plain: undefined, repositories, notRead: 0 };
      await controls.again('d');
    };
    const open = async (top: string): Promise<void> => {
      const looked = state?.repositories.find((one) => one.top === top) ?? repository(top, []);
      if (!('found' in looked)) return;
      const about: NodeChanges = { repository: looked.found, group: undefined, changes: [] };
      await controls.open(new ChangeNode('d', { item: () => assert.fail(), about }));
    };
    return { controls, failed, show, open };
  }
  const shown = (): readonly FakeSourceControl[] => addedTo(used.editor).sourceControls;
  const letter = async (path: string): Promise<string | undefined> => {
    const [provider] = addedTo(used.editor).decorations;
    return (await provider?.provideFileDecoration(root.with({ path }), undefined as never))?.badge;
  };
  const told = (): (readonly string[] | 'all')[] => {
    const events: (readonly string[] | 'all')[] = [];
    addedTo(used.editor).decorations[0]?.onDidChangeFileDecorations?.((uris) => {
      events.push(uris === undefined ? 'all' : [uris].flat().map(({ path }) => path));
    });
    return events;
  };

  it('have letters at their files, whatever these are called, and tell of those alone that have another one', async () => {
    const { controls, show, open } = controlsOf();
    const odd = ['a b', 'c#d', 'e?f', '100%25', 'g\nh', '\uf7ff\uf780', 'i\\j', '$(k)', 'within/'].map((path) =>
      change(path),
    );
    await show(repository('/', odd));
    await open('/');
    const events = told();
    for (const { path } of odd) assert.equal(await letter(`/${path.replace(/\/$/, '')}`), 'M', path);
    await show(repository('/', [change('new', 'untracked'), ...odd]));
    assert.deepEqual(events, [['/new']]);
    // Of many the editor would take one a folder.
    await show(
      repository(
        '/',
        Array.from({ length: 10_000 }, (_, index) => change(`folder/${index}`)),
      ),
    );
    assert.deepEqual(events.slice(1), ['all']);
    assert.deepEqual([await letter('/folder/9999'), await letter('/new')], ['M', undefined]);
    assert.match(shown()[0]?.groups[0]?.label ?? '', /the first 2,000 of 10,000/);
    controls.dispose();
    assert.deepEqual(shown(), []);
  });

  it('are closed with what they show when they are gone, and say when they cannot be read', async () => {
    const { controls, show, open } = controlsOf();
    await show(repository('/app', [change('a')]));
    await open('/app');
    await show({ top: '/app', failure: new Error('too slow') });
    const [group] = shown()[0]?.groups ?? [];
    assert.deepEqual([group?.label, group?.resourceStates], ['Changes could not be read', []]);
    await show(repository('/app', [change('a')]));
    assert.equal(group?.label, 'Uncommitted');
    await show(repository('/other', []));
    assert.deepEqual([shown(), await letter('/app/a')], [[], undefined]);
    // A row that is still seen of it opens nothing.
    used.editor.commands.set('workbench.view.scm', () => assert.fail('shown'));
    await open('/app');
    assert.deepEqual(shown(), []);
    controls.dispose();
  });

  it('are one by two quick clicks, and an old question closes none that was opened after it', async () => {
    const { controls, show, open } = controlsOf({ name: '$(flame) [x](command:y)' });
    await show(repository('/$(zap)', []));
    let answer = (): void => assert.fail('not asked');
    used.editor.answer(/is open in Source Control/, 'Close');
    const asked = new Promise<void>((resolve) => (answer = resolve));
    const { whileBusy } = used.editor;
    used.editor.whileBusy = () => asked;
    await open('/$(zap)');
    const second = open('/$(zap)');
    assert.equal(shown().length, 1);
    assert.doesNotMatch(shown()[0]?.label ?? '$(', /\$\(|\]\(/);
    controls.clear();
    await open('/$(zap)');
    assert.equal(shown().length, 1);
    answer();
    await second;
    assert.equal(shown().length, 1);
    used.editor.whileBusy = whileBusy;
    controls.dispose();
    assert.equal(shown().length, 0);
  });

  it('count as soon as the setting says so', async () => {
    const { controls, show, open } = controlsOf();
    await show(repository('/app', [change('a'), change('b')]));
    await open('/app');
    assert.equal(shown()[0]?.count, 0);
    used.editor.settings.set('runloop.countInSourceControl', true);
    assert.equal(shown()[0]?.count, 2);
    controls.dispose();
  });

  it('compare no file of a repository within, none that is no text, and none that cannot be read', async () => {
    const answers: (() => Promise<boolean>)[] = [];
    const { controls, failed, show, open } = controlsOf({
      isText: () => (answers.shift() ?? (() => Promise.resolve(true)))(),
    });
    await show(repository('/app', [change('a')]), repository('/app/within', []));
    await open('/app');
    const original = async (path: string): Promise<string | undefined> => {
      const provider = shown()[0]?.quickDiffProvider;
      const uri = await provider?.provideOriginalResource?.(root.with({ path }), undefined as never);
      return uri instanceof Uri ? uri.path : undefined;
    };
    assert.equal(await original('/app/a'), '/app/a');
    assert.equal(await original('/app/within/b'), undefined);
    answers.push(
      () => Promise.resolve(false),
      () => Promise.reject(new Error('suspended')),
    );
    assert.equal(await original('/app/a'), undefined);
    assert.deepEqual([await original('/app/a'), failed.length], [undefined, 1]);
    controls.dispose();
  });
});
