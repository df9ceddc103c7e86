import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { LogMatch, LogSearchEvent } from '../../../../src/core/logs/search/searchLogs';
import { parseDevbox } from '../../../../src/core/platform/devbox';
import { SearchResults } from '../../../../src/extension/logSearch/searchResults';
import { SearchTree } from '../../../../src/extension/searchView/searchTree';
import { TreeItemCollapsibleState } from '../../../fakeVscode/enums';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';

describe('The view of a search in logs (U21)', () => {
  const used = useFakeEditor();
  let tree: SearchTree;
  beforeEach(() => {
    tree = new SearchTree();
  });

  function searched(...names: readonly string[]): SearchResults {
    const results = new SearchResults(
      names.map((name) => parseDevbox({ id: `dbx_${name}`, name, status: 'running' })),
      'needle',
      () => undefined,
    );
    tree.show(results);
    return results;
  }

  const done = (name: string): LogSearchEvent => ({
    type: 'done',
    devboxId: `dbx_${name}`,
    lines: 10,
    cutLines: 0,
    isLimited: false,
  });

  const found = (name: string): LogSearchEvent => {
    const match: LogMatch = { line: 3, text: 'a needle', start: 2, end: 8, level: 'info' };
    return { type: 'matches', devboxId: `dbx_${name}`, matches: [match] };
  };

  async function rows(): Promise<readonly string[]> {
    const view = used.editor.views.get('runloop.logSearch') ?? assert.fail();
    const lines: string[] = [];
    const add = async (parent: unknown, indent: string): Promise<void> => {
      for (const { row, item } of await view.rows(parent)) {
        const label = typeof item.label === 'string' ? item.label : (item.label?.label ?? '');
        lines.push(`${indent}${label}${item.collapsibleState === TreeItemCollapsibleState.Collapsed ? ' …' : ''}`);
        await add(row, `${indent}  `);
      }
    };
    await add(undefined, '');
    return lines;
  }

  it('has devboxes with hits at the top, and those without folded up at the end', async () => {
    const results = searched('none', 'hit', 'nothing', 'other-hit');
    for (const name of ['none', 'hit', 'nothing', 'other-hit']) {
      if (name.endsWith('hit')) results.take(found(name));
      results.take(done(name));
    }
    assert.deepEqual(await rows(), [
      'hit',
      '  a needle',
      'other-hit',
      '  a needle',
      'No results in 2 devboxes …',
      '  none',
      '  nothing',
    ]);
  });

  it('shows a failure behind the hits, and what is still searched behind that', async () => {
    const results = searched('slow', 'none', 'broken', 'hit');
    results.take(done('none'));
    results.take({ type: 'failed', devboxId: 'dbx_broken', error: new Error('gone') });
    results.take(found('hit'));
    assert.deepEqual(await rows(), [
      'hit',
      '  a needle',
      'broken',
      '  gone',
      'slow',
      'No results in 1 devbox …',
      '  none',
    ]);
  });

  it('is drawn again when a devbox takes another place, and not when none does', async () => {
    const results = searched('slow', 'none', 'other');
    let drawn = 0;
    tree.onDidChangeTreeData((row) => {
      if (row === undefined) drawn += 1;
    });
    results.take(done('none'));
    await used.editor.eventually(() => drawn === 1);
    assert.deepEqual(await rows(), ['slow', 'other', 'none'], 'nothing to be folded away behind');
    results.take({ type: 'reading', devboxId: 'dbx_slow' });
    results.take(found('other'));
    await used.editor.eventually(() => drawn === 2);
    assert.deepEqual((await rows())[0], 'other');
  });

  it('shows all as they are where nothing was found at all', async () => {
    const results = searched('one', 'two');
    results.take(done('one'));
    results.take(done('two'));
    assert.deepEqual(await rows(), ['one', 'two']);
  });
});
