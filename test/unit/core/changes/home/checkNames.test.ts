import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { leadsOut, nameFault } from '../../../../../src/core/changes/home/checkNames';

describe('Names that a devbox brings home', () => {
  it("are refused where some system takes them for git's own folder or for a way out", () => {
    for (const path of [
      ...[
        '.git',
        '.GIT/config',
        'a/.git/x',
        'git~1',
        'GIT~2/x',
        '.git ',
        '.git.',
        '.git...',
        '.g\u200cit',
        '.gi\ufefft',
      ],
      ...[
        '..',
        'a/../b',
        '.',
        'a//b',
        '',
        '..\\x',
        'a\\..\\x',
        '.git\\config',
        '.git:x',
        '.git::$INDEX_ALLOCATION',
        'a\\.git',
      ],
    ]) {
      assert.equal(nameFault(path), 'unsafe', JSON.stringify(path));
    }
  });

  it('are told where Windows cannot hold them', () => {
    for (const path of [
      'CON',
      'a/nul.txt',
      'com1',
      'LPT9.x',
      'a:b',
      'a?',
      'a*',
      'x.',
      'x ',
      'a\tb',
      'a\\b',
      'q"',
      'a<b',
      'a|b',
    ]) {
      assert.equal(nameFault(path), 'windows', JSON.stringify(path));
    }
  });

  it('are all else that files are called', () => {
    for (const path of [
      '.gitignore',
      '.gitattributes',
      '.github/x',
      'git',
      'console',
      'com10',
      'a b/c.d',
      '文件',
      '...a',
      '~',
      '-rf',
      "it's",
    ]) {
      assert.equal(nameFault(path), undefined, JSON.stringify(path));
    }
  });

  it('of links lead out where what they show is not in the repository', () => {
    for (const [path, target] of [
      ...[
        ['l', '/etc'],
        ['l', '..'],
        ['l', '../x'],
        ['a/l', '../../x'],
        ['a/l', '../b/../../x'],
        ['l', 'C:/x'],
        ['l', '..\\x'],
        ['l', '\\x'],
      ],
      ...[
        ['l', '.git/config'],
        ['a/l', '../.GIT'],
      ],
    ] as const) {
      assert.ok(leadsOut(path, target), `${path} ${target}`);
    }
    for (const [path, target] of [
      ['l', 'a'],
      ['a/l', '../b'],
      ['a/b/l', '../../c'],
      ['l', './a'],
      ['l', 'a/../b'],
      ['l', '.'],
    ] as const) {
      assert.ok(!leadsOut(path, target), `${path} ${target}`);
    }
  });
});
