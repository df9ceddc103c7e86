import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { bytesOfPath, isPlainPath, requireName, shownName, textOfPath } from '../../../../src/core/files/pathText';

describe('Names of files as text', () => {
  it('are the bytes again, whatever they are', () => {
    const all = Array.from({ length: 255 }, (_, index) => index + 1);
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
    const names = Array.from({ length: 500 }, () =>
      Buffer.from(Array.from({ length: 1 + random(12) }, () => random(255) + 1)),
    );
    const texts = ['é', '文件', '😀', '\uf7ff', '\uf77f\uf780', 'a\ufffdb', '\ufeffx'].map((text) => Buffer.from(text));
    const seen = new Map<string, string>();
    for (const name of [Buffer.from(all), Buffer.from('\xed\xa0\x80', 'latin1'), ...names, ...texts]) {
      const text = textOfPath(name);
      assert.ok(bytesOfPath(text).equals(name), JSON.stringify(text));
      assert.equal(seen.get(text) ?? name.toString('hex'), name.toString('hex'));
      seen.set(text, name.toString('hex'));
    }
  });

  it('stay as they are where they are UTF-8', () => {
    for (const text of ['a b', 'é', '文件', '😀', 'a\nb', 'a\ufffdb']) {
      assert.equal(textOfPath(Buffer.from(text)), text);
      assert.ok(isPlainPath(text));
    }
    assert.ok(!isPlainPath(textOfPath(Buffer.from([0xff]))));
  });

  it('are shown on one line, without what reorders it or stands for no character', () => {
    assert.equal(shownName('a\u202egpj.exe\nb'), 'agpj.exe␤b');
    assert.equal(shownName(textOfPath(Buffer.from('x\xff', 'latin1'))), 'x\ufffd');
  });

  it('are refused where no file can have them', () => {
    for (const name of ['', '.', '..', 'a/b', 'a\0', 'x'.repeat(256), '文'.repeat(86), '\ud800']) {
      assert.throws(() => requireName(name), /name/, JSON.stringify(name));
    }
    for (const name of ['...', ' ', 'x'.repeat(255), '文'.repeat(85), '-rf', 'a\nb', '$(id)']) requireName(name);
  });
});
