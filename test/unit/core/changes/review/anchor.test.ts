import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { anchorOf, linesOf, lineOfAnchor } from '../../../../../src/core/changes/review/anchor';

const text = 'import x\n\ndef price(n):\n    return n * 12\n\ndef other(n):\n    return n\n';
const lines = linesOf(text);

describe('Lines that a comment is about', () => {
  const now = (later: string, first: number, last = first): number | undefined =>
    lineOfAnchor(anchorOf(lines, first, last), linesOf(later));

  it('are found where they have moved to, also with other ends of lines', () => {
    assert.equal(now(text, 3), 3);
    assert.equal(now(`# one\n# two\n${text}`, 3), 5);
    assert.equal(now(`# one\n${text}`.replaceAll('\n', '\r\n'), 2, 3), 3);
    assert.equal(now('    return n * 12\n', 3), 0);
  });

  it('are gone where none is like them', () => {
    assert.equal(now(text.replace('* 12', '* 13'), 3), undefined);
    assert.equal(now('', 3), undefined);
  });

  it('are told from others of the same text by what stands around them, then by the way', () => {
    const twice = 'a {\n  x();\n}\nb {\n  x();\n}\n';
    const second = anchorOf(linesOf(twice), 4, 4);
    assert.equal(lineOfAnchor(second, linesOf(twice)), 4);
    assert.equal(lineOfAnchor(second, linesOf(`b {\n  x();\n}\na {\n  x();\n}\n`)), 1);
    // What tells nothing is not found by its text alone.
    const brace = anchorOf(linesOf('one\n}\ntwo'), 1, 1);
    assert.equal(lineOfAnchor(brace, linesOf('x\nx\nx\n}\ny')), undefined);
    assert.equal(lineOfAnchor(brace, linesOf('x\nx\nx\n}\ntwo')), 3);
  });

  it('are found although they are too long to be kept whole, or hold control codes', () => {
    const long = `\u001b[31m${'word '.repeat(2_000)}end`;
    const anchor = anchorOf(['top', long], 1, 1);
    assert.ok((anchor.snippet[0] ?? '').length < 500);
    assert.equal(lineOfAnchor(anchor, ['new', 'top', long]), 2);
    assert.equal(
      anchorOf(
        Array.from({ length: 1_000 }, () => 'x'),
        0,
        999,
      ).snippet.length,
      20,
    );
  });
});
