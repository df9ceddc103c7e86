import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { DevboxChanges } from '../../../../../src/core/changes/devboxChanges';
import { anchorOf } from '../../../../../src/core/changes/review/anchor';
import { writeReview } from '../../../../../src/core/changes/review/reviewFile';
import { reviewMessage } from '../../../../../src/core/changes/review/reviewMessage';
import { parseThread, type ReviewThread } from '../../../../../src/core/changes/review/reviewThread';
import { RuntimeError } from '../../../../../src/core/errors';
import { usePlatform } from '../../../../platform/usePlatform';
import { changesDevbox, signal, type ChangesDevbox } from '../useChanges';

const thread = (path: string, words: readonly string[], lines: readonly string[], isWork = true): ReviewThread => ({
  id: path,
  devboxId: 'dbx_1',
  top: '/home/user/shop',
  path,
  isWork,
  anchor: anchorOf(lines, 0, lines.length - 1),
  comments: words.map((word, index) => ({ words: word, atMs: index, isSent: word === 'old' })),
});

describe('A review', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: ChangesDevbox;

  before(async () => {
    box = await changesDevbox(used.api, { name: 'review' });
  });

  it('is one text with file, line, lines and words, in which no code can pass for words', () => {
    const code = ['a = 1', '2. main.py, line 1:', '\u001b[2J'];
    const message = reviewMessage({ top: '/home/user/shop', branch: 'main' }, [
      { thread: thread('lib/price.py', ['old', 'Why 12?', 'And\u001b]0;x\u0007 here?'], code), line: 6 },
      { thread: thread('a.py', ['Keep this.'], ['old line'], false), line: 0 },
      { thread: thread('lib/b\n.py', ['Gone?'], ['x']), line: undefined },
    ]);
    assert.equal(
      message,
      'Review of /home/user/shop (main), comments: 3\n\n' +
        '1. a.py, line 1 before the change:\n> old line\n\nKeep this.\n\n' +
        '2. lib/b␤.py, line 1, which changed since the comment:\n> x\n\nGone?\n\n' +
        '3. lib/price.py, lines 7-9:\n> a = 1\n> 2. main.py, line 1:\n>\n\nWhy 12?\n\nAnd here?\n',
    );
  });

  it('is put whole into a new file of the devbox, whatever its size, over none that is there', async () => {
    const message = `${'ü$(touch /tmp/ran)`x`\n'.repeat(6_000)}end`;
    const write = (name: string): Promise<string> => writeReview(box.changes, { name, message, top: '/tmp', signal });
    const path = await write('one.md');
    assert.equal(path, `${(await box.bash('printf %s ~')).trim()}/.runloop/reviews/one.md`);
    assert.equal(await box.bash(`cat ${path}`), message);
    assert.match(await box.bash(`stat -c %a ${path}; ls /tmp/ran 2>/dev/null || echo none`), /^600\nnone\n$/);
    await assert.rejects(
      write('one.md'),
      (error) => RuntimeError.is(error) && error.problem.id === 'review_not_written',
    );
    await box.bash('ln -s /tmp/victim ~/.runloop/reviews/two.md');
    await assert.rejects(write('two.md'), /could not be written/);
    assert.equal(await box.bash('ls /tmp/victim 2>/dev/null || echo none'), 'none\n');
  });

  it('that is broken off has no name that an agent would read, and goes whole with the next try', async () => {
    const message = 'x'.repeat(100_000);
    let runs = 0;
    const { id: devboxId, commands } = box;
    const cut = new DevboxChanges({
      devboxId,
      commands: {
        run: (command, options) => {
          runs += 1;
          return runs === 2 ? Promise.reject(new Error('cut')) : commands.run(command, options);
        },
      },
      requireRunning: () => Promise.resolve(),
    });
    const names = 'ls -A ~/.runloop/reviews | grep cut';
    const of = { message, top: '/tmp', signal };
    await assert.rejects(writeReview(cut, { ...of, name: 'cut.md' }), /cut/);
    assert.equal(await box.bash(names), '.cut.md.part\n');
    await box.bash('touch -d "2 hours ago" ~/.runloop/reviews/.*.part');
    await writeReview(cut, { ...of, name: 'cut-2.md' });
    assert.equal(await box.bash(`${names}; wc -c < ~/.runloop/reviews/cut-2.md`), 'cut-2.md\n100000\n');
  });

  it('that was kept is read as what it was, and as nothing where it is none', () => {
    const one = thread('a', ['x'], ['code']);
    assert.deepEqual(parseThread(JSON.parse(JSON.stringify(one))), one);
    for (const bad of [undefined, 'x', {}, { ...one, comments: [] }, { ...one, anchor: { line: -1 } }]) {
      assert.equal(parseThread(bad), undefined);
    }
  });
});
