import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'mocha';
import { quote, quoteIfNeeded } from '../../../src/ground/shellWords';

/** The words that a shell makes of some text. */
function words(shell: string, text: string): string[] {
  const output = execFileSync(shell, ['-c', `show() { printf '%s\\0' "$@"; }; show ${text}`], { encoding: 'utf8' });
  return output.split('\0').slice(0, -1);
}

describe('a quoted word', () => {
  for (const word of [
    '',
    'plain',
    'two words',
    `it's`,
    '$HOME',
    '`id`',
    '$(id)',
    'a\nb',
    'a\n',
    '!x',
    '\\',
    'ü',
    '"',
    '~',
    '-n',
  ]) {
    it(`is what it was to shells: ${JSON.stringify(word)}`, () => {
      for (const shell of ['sh', 'bash']) {
        assert.deepEqual(words(shell, `${quote(word)} ${quoteIfNeeded(word)}`), [word, word]);
      }
    });
  }

  it('is left as it stands where nothing in it means anything to a shell, if so wished', () => {
    assert.equal(quoteIfNeeded('/a-b_c/d.e:80=@%+,F'), '/a-b_c/d.e:80=@%+,F');
    assert.equal(quote('plain'), "'plain'");
  });
});
