import { encodedTexts } from './encodedTexts';
import { type Step, type Vector, edit, read, run, vector, view, write } from './vector';

function file(path: string, base64: string): Step {
  return run(`printf '%s' ${base64} | base64 -d > ${path}`);
}

function bytes(path: string): Step {
  return run(`base64 -w0 ${path}; echo`);
}

function text(path: string, content: string): Step {
  return file(path, Buffer.from(content).toString('base64'));
}

/** A file of each encoding under every command: what is read, what is written, what is refused. */
const encodings: readonly Vector[] = Object.entries(encodedTexts).map(([name, { base64, more, words }], number) => {
  const path = `enc${number}.txt`;
  const full = `{dir}/${path}`;
  return vector(
    `encoding: ${name}`,
    file(path, base64),
    view(full),
    edit('insert', full, { insert_line: 1, new_str: more }),
    bytes(path),
    edit('str_replace', full, { old_str: words, new_str: `${words}+` }),
    bytes(path),
    edit('undo_edit', full),
    edit('undo_edit', full),
    bytes(path),
    edit('insert', full, { insert_line: 0, new_str: 'smile 🙂' }),
    bytes(path),
    edit('str_replace', full, { old_str: words, new_str: '🙂' }),
    bytes(path),
    read(path),
  );
});

const ends: Readonly<Record<string, string>> = { LF: '\n', CRLF: '\r\n', CR: '\r' };

/** Every command on files of every line end, with arguments of every line end. */
const lineEnds: readonly Vector[] = Object.entries(ends).flatMap(([fileEnd, inFile]) =>
  Object.entries(ends).map(([givenEnd, given]) => {
    const path = `end-${fileEnd}-${givenEnd}.txt`;
    const full = `{dir}/${path}`;
    const start = ['one', 'two', 'three', 'four', ''].join(inFile);
    return vector(
      `line ends: ${givenEnd} into ${fileEnd}`,
      text(path, start),
      view(full),
      view(full, [2, 3]),
      edit('insert', full, { insert_line: 1, new_str: `a${given}b` }),
      bytes(path),
      text(path, start),
      edit('str_replace', full, { old_str: `one${given}two`, new_str: `1${given}2` }),
      bytes(path),
      text(path, start),
      edit('str_replace', full, { old_str: 'three', new_str: '3' }),
      bytes(path),
      edit('undo_edit', full),
      bytes(path),
      read(path),
      read(path, { start: 1, end: 2 }),
      text(path, start),
      write(path, `x${given}y`, { start: 1, end: 2 }),
      bytes(path),
      write(path, `x${given}y${given}`),
      bytes(path),
      edit('create', `{dir}/new-${path}`, { file_text: `x${given}y${given}` }),
      bytes(`new-${path}`),
    );
  }),
);

const both: readonly Vector[] = ['gbk', 'windows-1251', 'utf-8 with a mark'].map((name, number) => {
  const path = `both${number}.txt`;
  const full = `{dir}/${path}`;
  const { base64 = '', more = '', words = '' } = encodedTexts[name] ?? {};
  return vector(
    `encoding and CRLF: ${name}`,
    run(`printf '%s' ${base64} | base64 -d | sed 's/$/\\r/' > ${path}`),
    view(full),
    edit('insert', full, { insert_line: 1, new_str: `${more}\n${more}` }),
    bytes(path),
    edit('str_replace', full, { old_str: words, new_str: `${words}\n` }),
    bytes(path),
    edit('undo_edit', full),
    edit('undo_edit', full),
    bytes(path),
  );
});

const mixed: readonly Vector[] = [
  vector(
    'line ends: several in one file',
    text('mixed.txt', 'a\r\nb\nc\rd\r\ne\n'),
    view('{dir}/mixed.txt'),
    edit('str_replace', '{dir}/mixed.txt', { old_str: 'e', new_str: 'E' }),
    bytes('mixed.txt'),
    edit('undo_edit', '{dir}/mixed.txt'),
    bytes('mixed.txt'),
  ),
  vector(
    'encoding: bytes of none',
    run("printf 'a\\201\\nb\\376\\200\\n' > none.txt"),
    view('{dir}/none.txt'),
    edit('str_replace', '{dir}/none.txt', { old_str: 'a', new_str: 'A' }),
    bytes('none.txt'),
    edit('insert', '{dir}/none.txt', { insert_line: 1, new_str: 'plain' }),
    bytes('none.txt'),
  ),
  vector(
    'encoding: ASCII that gets other letters',
    text('ascii.txt', 'one\ntwo\n'),
    edit('insert', '{dir}/ascii.txt', { insert_line: 1, new_str: 'grün 漢字 🙂' }),
    edit('str_replace', '{dir}/ascii.txt', { old_str: 'two', new_str: 'zwölf' }),
    bytes('ascii.txt'),
    edit('undo_edit', '{dir}/ascii.txt'),
    edit('undo_edit', '{dir}/ascii.txt'),
    bytes('ascii.txt'),
  ),
];

/** Encodings × line ends × commands. */
export const encodingVectors: readonly Vector[] = [...encodings, ...lineEnds, ...both, ...mixed];
