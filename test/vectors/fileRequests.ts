import type { Step, Vector } from './vector';
import { action, edit, get, post, read, run, upload, vector, view, write } from './vector';

/** A picture of one point. */
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
/** `ok.txt` and `sub/x.txt`. */
const archive =
  'UEsDBBQAAAAAAAAAIQCSVKm+BAAAAAQAAAAGAAAAb2sudHh0ZmluZVBLAwQUAAAAAAAAACEAgxbcjAEAAAABAAAACQAAAHN1Yi94LnR4dHhQSwECFAMUAAAAAAAAACEAklSpvgQAAAAEAAAABgAAAAAAAAAAAAAAgAEAAAAAb2sudHh0UEsBAhQDFAAAAAAAAAAhAIMW3IwBAAAAAQAAAAkAAAAAAAAAAAAAAIABKAAAAHN1Yi94LnR4dFBLBQYAAAAAAgACAGsAAABQAAAAAAA=';
/** `../e.txt`, `/abs.txt`, `a..b.txt` and `ok.txt`. */
const escaping =
  'UEsDBBQAAAAAAAAAIQD7OSuCAwAAAAMAAAAIAAAALi4vZS50eHRiYWRQSwMEFAAAAAAAAAAhAPs5K4IDAAAAAwAAAAgAAAAvYWJzLnR4dGJhZFBLAwQUAAAAAAAAACEA7V6E9wMAAAADAAAACAAAAGEuLmIudHh0b2RkUEsDBBQAAAAAAAAAIQCSVKm+BAAAAAQAAAAGAAAAb2sudHh0ZmluZVBLAQIUAxQAAAAAAAAAIQD7OSuCAwAAAAMAAAAIAAAAAAAAAAAAAACAAQAAAAAuLi9lLnR4dFBLAQIUAxQAAAAAAAAAIQD7OSuCAwAAAAMAAAAIAAAAAAAAAAAAAACAASkAAAAvYWJzLnR4dFBLAQIUAxQAAAAAAAAAIQDtXoT3AwAAAAMAAAAIAAAAAAAAAAAAAACAAVIAAABhLi5iLnR4dFBLAQIUAxQAAAAAAAAAIQCSVKm+BAAAAAQAAAAGAAAAAAAAAAAAAACAAXsAAABvay50eHRQSwUGAAAAAAQABADWAAAAowAAAAAA';

/** Makes a file by way of the shell, whatever is in it. */
function file(path: string, text: string): Step {
  return run(`printf '%s' ${Buffer.from(text).toString('base64')} | base64 -d > ${path}`);
}

const fiveLines = 'one\ntwo\nthree\nfour\nfive\n';

export const fileVectors: readonly Vector[] = [
  vector(
    'lines of a file',
    file('five.txt', fiveLines),
    ...[
      [0, -1],
      [2, -1],
      [0, 2],
      [1, 3],
      [1, 99],
      [4, 5],
      [99, -1],
      [3, 1],
      [3, 3],
      [0, 0],
      [-5, 2],
    ].map(([start, end]) => read('five.txt', { start, end })),
  ),
  vector(
    'reading by absolute and relative paths',
    file('a.txt', 'text'),
    read('{dir}/a.txt'),
    read('../' + 'nonexistent'),
    read('.'),
    read(''),
    read('~/a.txt'),
  ),
  vector(
    'texts',
    file('empty.txt', ''),
    read('empty.txt'),
    file('crlf.txt', 'a\r\nb\r\n'),
    read('crlf.txt'),
    file('utf8.txt', 'ü日\n'),
    read('utf8.txt'),
  ),
  vector(
    'what is not UTF-8',
    run("printf 'caf\\351 et the\\n' > latin.txt"),
    read('latin.txt'),
    read('{dir}/latin.txt'),
  ),
  vector(
    'binary files',
    run("printf 'a\\0b\\377c' > bin.dat"),
    read('bin.dat'),
    read('{dir}/bin.dat'),
    run('printf x > m.pyc'),
    read('{dir}/m.pyc'),
  ),
  vector(
    'pictures',
    run(`echo ${png} | base64 -d > p.png; cp p.png p.JPG`),
    read('p.png'),
    read('p.JPG'),
    read('{dir}/p.png'),
    read('nothing.png'),
  ),
  vector(
    'PDF and video by name',
    file('d.pdf', '%PDF-1.4 text'),
    read('d.pdf'),
    file('v.mp4', 'text'),
    read('v.mp4'),
    read('{dir}/v.mp4'),
  ),
  vector(
    'writing',
    write('new/deep/w.txt', 'a\nb'),
    run('cat new/deep/w.txt; stat -c %a new/deep/w.txt'),
    write('{dir}/w2.txt', 'c\n'),
    run('od -c w2.txt'),
    write('w2.txt', ''),
    run('od -c w2.txt'),
    write('.', 'x'),
  ),
  vector(
    'writing into a file',
    file('lines.txt', fiveLines),
    write('lines.txt', 'top', { start: 0, end: 0 }),
    write('lines.txt', 'mid', { start: 2, end: 3 }),
    write('lines.txt', 'end', { start: 4 }),
    run('cat lines.txt'),
  ),
  vector('writing keeps the mode', run('echo x > m.sh; chmod 750 m.sh'), write('m.sh', 'y'), run('stat -c %a m.sh')),
  vector('what cannot be written', run("printf '\\351' > l1.txt"), write('l1.txt', 'x'), write('five.txt/x', 'x')),
  vector(
    'lists',
    run(
      'mkdir -p list/.hid list/adir list/Bdir && cd list && touch .env a.txt b Z.txt && ln -s adir linkdir && ln -s nowhere broken && cd ..',
    ),
    post('/list_files', { path: '{dir}/list' }),
    post('/list_files', { path: '{dir}/nothing' }),
    post('/list_files', { path: '{dir}/list/b' }),
  ),
  vector('lists that are not asked for well', post('/list_files', []), post('/list_files', { path: 5 })),
  vector(
    'uploads',
    upload('destination={dir}/up', 'a.txt', 'text'),
    run('cat up/a.txt'),
    upload('destination=relative', 'a.txt', 'x'),
    upload('destination={dir}/up&recursive=true', 'a.txt', 'x'),
  ),
  vector(
    'archives',
    upload('destination={dir}/zip1&recursive=true', 'z.zip', Buffer.from(archive, 'base64')),
    run('find zip1 | sort'),
    upload('destination={dir}/zip2', 'z.zip', Buffer.from(archive, 'base64')),
    run('find zip2 | sort'),
    upload('destination={dir}/zip3', 'z.zip', 'no archive'),
  ),
  vector(
    'archives that lead out',
    upload('destination={dir}/in/zip&recursive=true', 'z.zip', Buffer.from(escaping, 'base64')),
    run('find in | sort; ls -d in/e.txt /abs.txt'),
  ),
  vector('names that lead out', upload('destination={dir}/in/up', '../out.txt', 'x'), run('find in | sort')),
  vector(
    'downloads',
    run(
      'mkdir -p down/sub down/empty && echo 1 > down/a && echo 2 > down/sub/b && ln -s a down/link && ln -s sub down/dirlink',
    ),
    get('/download_files?path={dir}/down'),
    get('/download_files?path=relative'),
    get('/download_files?path={dir}/nothing'),
    get('/download_files'),
  ),
  vector('a download of one file', run('echo 1 > single'), get('/download_files?path={dir}/single')),
  vector(
    'a download with a broken link',
    run('mkdir -p brk && echo 1 > brk/a && ln -s nowhere brk/b'),
    get('/download_files?path={dir}/brk'),
  ),
];

export const editorVectors: readonly Vector[] = [
  vector(
    'edit: view',
    file('v.txt', fiveLines),
    edit('view', '{dir}/v.txt'),
    view('{dir}/v.txt'),
    view('{dir}/v.txt', [2, 3]),
    view('{dir}/v.txt', [4, -1]),
    view('{dir}/v.txt', [3, 99]),
    edit('view', '{dir}/v.txt', { insert_line: 1 }),
  ),
  vector(
    'edit: views that cannot be',
    view('{dir}/v.txt', [0, 2]),
    view('{dir}/v.txt', [9, 10]),
    view('{dir}/v.txt', [3, 2]),
    view('{dir}/v.txt', [1]),
    view('{dir}/v.txt', ['a', 'b']),
    view('{dir}/none.txt'),
    view('v.txt'),
    view('relative/none.txt'),
  ),
  vector(
    'edit: a folder',
    run('mkdir -p tree/sub/deep tree/.hidden && touch tree/a tree/sub/b tree/sub/.c tree/sub/deep/d tree/.e'),
    edit('view', '{dir}/tree'),
    view('{dir}/tree', [1, 2]),
    edit('str_replace', '{dir}/tree', { old_str: 'a', new_str: 'b' }),
  ),
  vector(
    'edit: create',
    edit('create', '{dir}/c.txt', { file_text: 'l1\nl2' }),
    run('od -c c.txt'),
    edit('create', '{dir}/c.txt', { file_text: 'x' }),
    edit('create', '{dir}/no/folder.txt', { file_text: 'x' }),
    edit('create', '{dir}/d.txt'),
    edit('create', 'rel.txt', { file_text: 'x' }),
    edit('undo_edit', '{dir}/c.txt'),
    edit('undo_edit', '{dir}/c.txt'),
  ),
  vector(
    'edit: str_replace',
    file('s.txt', fiveLines),
    edit('str_replace', '{dir}/s.txt', { old_str: 'two', new_str: 'TWO\nand more' }),
    run('cat s.txt'),
    edit('str_replace', '{dir}/s.txt', { old_str: '  five  ', new_str: '  5  ' }),
    edit('str_replace', '{dir}/s.txt', { old_str: 'four\n' }),
    run('cat s.txt'),
    edit('undo_edit', '{dir}/s.txt'),
    edit('undo_edit', '{dir}/s.txt'),
    edit('undo_edit', '{dir}/s.txt'),
    edit('undo_edit', '{dir}/s.txt'),
  ),
  vector(
    'edit: replacements that cannot be',
    file('r.txt', 'a\nb\na\n'),
    edit('str_replace', '{dir}/r.txt', { old_str: 'a', new_str: 'c' }),
    edit('str_replace', '{dir}/r.txt', { old_str: 'zz', new_str: 'c' }),
    edit('str_replace', '{dir}/r.txt', { old_str: 'b', new_str: 'b' }),
    edit('str_replace', '{dir}/r.txt', { new_str: 'b' }),
    edit('str_replace', '{dir}/r.txt', { old_str: ' a ', new_str: 'b' }),
    edit('str_replace', '{dir}/none.txt', { old_str: 'a', new_str: 'b' }),
  ),
  vector(
    'edit: insert',
    file('i.txt', fiveLines),
    edit('insert', '{dir}/i.txt', { insert_line: 0, new_str: 'top' }),
    edit('insert', '{dir}/i.txt', { insert_line: '3', new_str: 'x\ny' }),
    edit('insert', '{dir}/i.txt', { insert_line: 8, new_str: 'end' }),
    run('cat i.txt'),
    edit('undo_edit', '{dir}/i.txt'),
  ),
  vector(
    'edit: an end without a newline',
    file('n.txt', 'a\nb'),
    edit('insert', '{dir}/n.txt', { insert_line: 2, new_str: 'c' }),
    run('od -c n.txt'),
    edit('str_replace', '{dir}/n.txt', { old_str: 'a', new_str: 'A' }),
    view('{dir}/n.txt', [1, 2]),
  ),
  vector(
    'edit: insertions that cannot be',
    edit('insert', '{dir}/i.txt', { insert_line: 99, new_str: 'x' }),
    edit('insert', '{dir}/i.txt', { insert_line: -1, new_str: 'x' }),
    edit('insert', '{dir}/i.txt', { insert_line: 'x', new_str: 'x' }),
    edit('insert', '{dir}/i.txt', { new_str: 'x' }),
    edit('insert', '{dir}/i.txt', { insert_line: 1 }),
  ),
  vector(
    'edit: commands that are none',
    edit('write', '{dir}/i.txt', { file_text: 'x' }),
    edit('', '{dir}/i.txt'),
    edit('undo_edit', '{dir}/v.txt'),
    edit('undo_edit', '{dir}/none.txt'),
    action('edit', { path: '{dir}/i.txt', impl_source: 'llm_based_edit', content: 'x' }),
  ),
  vector(
    'edit: binary files',
    run("printf 'a\\0b\\377c' > b.bin"),
    edit('view', '{dir}/b.bin'),
    edit('str_replace', '{dir}/b.bin', { old_str: 'a', new_str: 'b' }),
    file('doc.pdf', '%PDF'),
    edit('str_replace', '{dir}/doc.pdf', { old_str: 'a', new_str: 'b' }),
  ),
  vector(
    'edit: other encodings',
    run("printf 'caf\\351 r\\351sum\\351 na\\357ve\\n' > l.txt"),
    edit('str_replace', '{dir}/l.txt', { old_str: 'caf', new_str: 'CAF' }),
    run('od -c l.txt | head -2'),
  ),
  vector(
    'edit: CRLF',
    file('crlf2.txt', 'a\r\nb\r\nc\r\n'),
    edit('str_replace', '{dir}/crlf2.txt', { old_str: 'b', new_str: 'B' }),
    run('od -c crlf2.txt'),
  ),
  vector(
    'edit: a large file',
    run('head -c 11000000 /dev/zero | tr "\\0" a > big.txt'),
    edit('view', '{dir}/big.txt'),
    run('rm big.txt; seq 1 4000 > long.txt'),
    edit('view', '{dir}/long.txt'),
    edit('str_replace', '{dir}/long.txt', { old_str: '\n2000\n', new_str: '\nTWO\n' }),
  ),
  vector(
    'edit: an empty file',
    file('e.txt', ''),
    edit('view', '{dir}/e.txt'),
    view('{dir}/e.txt', [1, 1]),
    edit('insert', '{dir}/e.txt', { insert_line: 0, new_str: 'x' }),
    run('od -c e.txt'),
  ),
];
