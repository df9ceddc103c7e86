import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { usualEnd, withEndsOf, withLf } from '../../../../../src/local/actionServer/files/lineEnds';
import { LegacyEncodings } from '../../../../../src/local/actionServer/files/legacyEncodings';
import { decodeText, encodeText } from '../../../../../src/local/actionServer/files/textEncoding';
import { encodedTexts } from '../../../../vectors/encodedTexts';
import { RunningServer } from '../runningServer';

/** Texts of some length, in bytes of encodings that this computer's own decoder knows. */
const texts: Readonly<Record<string, { readonly bytes: Buffer; readonly text: string; readonly add: string }>> = {
  'windows-1251': {
    text: 'Привет, это обычный русский текст.\nВторая строка, в ней тоже есть слова и буква я.\n',
    add: 'Новая строка',
    bytes: Buffer.from(''),
  },
  gbk: {
    text: '这是一个普通的中文文本文件。\n第二行也有一些文字，用于检测编码。\n',
    add: '新的一行',
    bytes: Buffer.from(''),
  },
  shift_jis: {
    text: 'これは普通の日本語のテキストです。\n二行目にも表示するソースの文字があります。\n',
    add: '新しい行',
    bytes: Buffer.from(''),
  },
};

/** The bytes of a text, found by decoding every pair. */
function bytesOf(text: string, label: string): Buffer {
  const decoder = new TextDecoder(label);
  const table = new Map<string, number[]>();
  for (let first = 0; first < 256; first += 1) {
    for (let second = 0x40; second < 256; second += 1) {
      const pair = decoder.decode(Uint8Array.of(first, second));
      if (Array.from(pair).length === 1) table.set(pair, [first, second]);
    }
    const letter = decoder.decode(Uint8Array.of(first));
    if (letter !== '\ufffd') table.set(letter, [first]);
  }
  return Buffer.from(Array.from(text).flatMap((letter) => table.get(letter) ?? assert.fail(letter)));
}

describe('action server, encodings and line ends', () => {
  let server: RunningServer;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'runloop-encodings-'));
    server = await RunningServer.start();
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const edit = async (path: string, fields: Record<string, unknown>): Promise<string> => {
    const { json, text } = await server.action('edit', { path, ...fields });
    return typeof json['content'] === 'string' ? json['content'] : text;
  };

  for (const label of Object.keys(texts)) {
    const { text = '', add = '' } = texts[label] ?? {};
    it(`keeps a file in ${label}, and refuses what it cannot hold with its bytes unchanged`, async () => {
      const path = join(folder, `${label}.txt`);
      writeFileSync(path, bytesOf(text, label));
      const [first = '', second = ''] = text.split('\n');
      assert.ok((await edit(path, { command: 'view' })).includes(first));
      await edit(path, { command: 'insert', insert_line: 1, new_str: add });
      assert.deepEqual(readFileSync(path), bytesOf(`${first}\n${add}\n${second}\n`, label));
      await edit(path, { command: 'str_replace', old_str: first, new_str: `x ${add}` });
      assert.deepEqual(readFileSync(path), bytesOf(`x ${add}\n${add}\n${second}\n`, label));
      const kept = readFileSync(path);
      assert.match(await edit(path, { command: 'insert', insert_line: 0, new_str: 'emoji 🙂' }), /No change was made/);
      assert.match(await edit(path, { command: 'str_replace', old_str: second, new_str: '🙂' }), /No change was made/);
      assert.deepEqual(readFileSync(path), kept);
      await edit(path, { command: 'undo_edit' });
      await edit(path, { command: 'undo_edit' });
      assert.deepEqual(readFileSync(path), bytesOf(text, label));
    });
  }

  for (const [label, { base64, more, words }] of Object.entries(encodedTexts)) {
    it(`loses no byte of a file in ${label}, whatever is put into it`, async () => {
      const path = join(folder, `kept-${label.replaceAll(/\W/g, '')}`);
      const bytes = Buffer.from(base64, 'base64');
      writeFileSync(path, bytes);
      assert.match(await edit(path, { command: 'insert', insert_line: 1, new_str: more }), /has been edited/);
      assert.equal(readFileSync(path).length > bytes.length, true);
      await edit(path, { command: 'undo_edit' });
      assert.deepEqual(readFileSync(path), bytes);
      const insert = await edit(path, { command: 'insert', insert_line: 0, new_str: '🙂' });
      const replace = await edit(path, { command: 'str_replace', old_str: words, new_str: '🙂' });
      if (label.startsWith('utf')) {
        await edit(path, { command: 'undo_edit' });
        await edit(path, { command: 'undo_edit' });
      } else {
        assert.match(insert + replace, /No change was made[^]*No change was made/);
      }
      assert.deepEqual(readFileSync(path), bytes);
    });
  }

  it('keeps the bytes of Latin-1, of UTF-16 and UTF-8 with a mark, and of what is none of these', async () => {
    const files: readonly (readonly [string, Buffer, string])[] = [
      [
        'latin',
        Buffer.from('Zwei schöne Zeilen mit Umlauten: äöü\nund noch eine für alle Fälle\n', 'latin1'),
        'größer',
      ],
      ['utf16le', Buffer.from('\ufeffeins\nzwei\n', 'utf16le'), '漢字'],
      ['utf16be', Buffer.from('\ufeffeins\nzwei\n', 'utf16le').swap16(), '漢字'],
      ['marked', Buffer.from('\ufeffeins\nzwei\n'), '漢字'],
      ['unknown', Buffer.from([0x61, 0x81, 0x0a, 0x62, 0xfe, 0x80, 0x0a]), 'ascii'],
    ];
    for (const [name, bytes, added] of files) {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      const { encoding, text } = decodeText(bytes, new LegacyEncodings());
      assert.deepEqual(encodeText(text, encoding), bytes, name);
      await edit(path, { command: 'insert', insert_line: 1, new_str: added });
      const lines = text.split('\n');
      assert.deepEqual(readFileSync(path), encodeText([lines[0], added, ...lines.slice(1)].join('\n'), encoding), name);
      await edit(path, { command: 'undo_edit' });
      assert.deepEqual(readFileSync(path), bytes, name);
    }
    const unknown = join(folder, 'unknown');
    assert.match(await edit(unknown, { command: 'insert', insert_line: 0, new_str: 'ä' }), /No change was made/);
    assert.deepEqual(readFileSync(unknown), files.at(-1)?.[1]);
  });

  const ends = { lf: '\n', crlf: '\r\n', cr: '\r' };
  for (const [fileEnd, inFile] of Object.entries(ends)) {
    for (const [givenEnd, given] of Object.entries(ends)) {
      if (givenEnd === 'cr' && fileEnd !== 'cr') continue;
      it(`edits a file of ${fileEnd} with text of ${givenEnd}`, async () => {
        const path = join(folder, `${fileEnd}-${givenEnd}`);
        const start = ['one', 'two', 'three', ''].join(inFile);
        writeFileSync(path, start);
        await edit(path, { command: 'insert', insert_line: 1, new_str: `a${given}b` });
        // In a file of LF alone, CR is a letter like others.
        const between = fileEnd === 'lf' ? given : inFile;
        assert.equal(readFileSync(path, 'utf8'), `one${inFile}a${between}b${inFile}two${inFile}three${inFile}`);
        await edit(path, { command: 'undo_edit' });
        await edit(path, { command: 'str_replace', old_str: `one${given}two`, new_str: `1${given}2` });
        assert.equal(readFileSync(path, 'utf8'), ['1', '2', 'three', ''].join(inFile));
        await edit(path, { command: 'undo_edit' });
        assert.equal(readFileSync(path, 'utf8'), start);
        if (fileEnd === 'cr') return;
        await server.action('write', { path, content: `x${given}y`, start: 1, end: 2 });
        const written = fileEnd === 'lf' ? given : inFile;
        assert.equal(readFileSync(path, 'utf8'), `one${inFile}x${written}y${inFile}three${inFile}`);
      });
    }
  }

  it('keeps each line’s end in a file of several', async () => {
    const path = join(folder, 'mixed');
    const mixed = 'a\r\nb\nc\r\nd\r\ne\n';
    writeFileSync(path, mixed);
    await edit(path, { command: 'str_replace', old_str: 'c\nd', new_str: 'c\nnew\nd' });
    assert.equal(readFileSync(path, 'utf8'), 'a\r\nb\nc\r\nnew\r\nd\r\ne\n');
    await edit(path, { command: 'undo_edit' });
    assert.equal(readFileSync(path, 'utf8'), mixed);
    assert.equal(usualEnd(mixed), '\r\n');
    assert.equal(withLf(mixed), 'a\nb\nc\nd\ne\n');
    assert.equal(withEndsOf(mixed, 'a\nb\nc\nd\ne\nf'), 'a\r\nb\nc\r\nd\r\ne\nf');
    assert.equal(withEndsOf('a\r\nb', 'a\nb\nc\n'), 'a\r\nb\r\nc\r\n');
  });
});
