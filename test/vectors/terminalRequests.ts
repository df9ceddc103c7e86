import type { Vector } from './vector';
import { edit, get, input, post, read, run, upload, vector, view, write } from './vector';

/** Programs on the terminal: what they ask, what keys do to them, what they print. */
const programs: readonly Vector[] = [
  vector('an interpreter', run('python3 -q', {}, 2.5), input('x = 6', 1.5), input('print(x * 7)', 1.5), input("'a' + chr(98)", 1.5), input('exit()'), run('echo "after $?"')),
  vector('an interpreter and Ctrl-D', run('python3 -q', {}, 2.5), input('C-d'), run('echo back')),
  vector('a program that asks several times', run("bash -c 'read -p \"first: \" a; read -p \"second: \" b; echo \"$a-$b\"'", {}, 1), input('one', 1), input('two')),
  vector('input that a shell would change', run('cat', {}, 1), input('$HOME "quoted" \\n * `x`', 1), input('grüße 日本', 1), input('  blanks  ', 1), input('C-d')),
  vector('input that looks like a key', run('cat', {}, 1), input('C-', 1), input('C-cc', 1), input('C-d')),
  vector('no input yet', run('sleep 2; echo woke', {}, 1), input('', 5)),
  vector('keys in capital letters', run('sleep 30', {}, 1), input('C-C')),
  vector('Ctrl-Backslash', run('sleep 30', {}, 1), input('C-\\')),
  vector('Ctrl-Z and on in the foreground', run('sleep 2.5; echo woke', {}, 1), input('C-z'), run('jobs'), run('fg', {}, 8)),
  vector('a stop and on in the background', run("bash -c 'sleep 3; echo done in back'", {}, 1), input('C-z'), run('bg; wait; echo waited', {}, 10)),
  vector('blocking beyond the silence', run('sleep 4; echo late', { blocking: true })),
  vector('blocking up to a whole second', run('sleep 30', { blocking: true }, 2), input('C-c')),
  vector('a limit of nothing is none', run('echo fast', {}, 0)),
  vector('silence after some output', run('echo begun; sleep 30'), input('C-c')),
  vector('a quote that does not end', run("echo 'open", {}, 1.5), input("close'")),
  vector('hidden while it runs', run('echo seen; sleep 30', { hidden: true }, 1), input('C-c')),
  vector('late output of a job', run('(sleep 0.7; echo from job) &'), run('sleep 2; echo mine')),
];

/** Shell text of many kinds, as one command or as several. */
const texts: readonly Vector[] = [
  vector('definitions over lines', run('greet() {\n  local who=$1\n  echo "hello $who"\n}'), run('greet you'), run('case x in\n  x) echo is x;;\nesac'), run('while read -r l; do\n  echo "<$l>"\ndone <<< "in"'), run('{\n  echo a\n  echo b\n}'), run('(\n  cd /\n  pwd\n)')),
  vector('here-documents', run("cat <<'E'\n$HOME `x` \"q\"\nE"), run('A=v; cat <<E\n$A $((1+1))\nE'), run('cat <<-E\n\tindented\n\tE'), run("cat <<E > h.txt\nkept\nE"), run('cat h.txt')),
  vector('several commands of several kinds', run('cd /\npwd'), run('if true; then echo a; fi\necho b'), run('cat <<E\nx\nE\necho y'), run('echo a &\necho b'), run('A=1\nB=2'), run('echo a\n')),
  vector('pipes and lists over lines', run('echo a |\n  tr a b'), run('true &&\n  echo yes'), run('false ||\n\n  echo no'), run('echo "$(\n  echo in\n)"'), run('x=(\n 1\n 2\n); echo ${x[1]}')),
  vector('statuses of lists', run('false; true'), run('! true'), run('false || true'), run('(exit 7)'), run("bash -c 'kill -TERM $$'"), run('bash -c \'kill -9 $$\'')),
  vector('what is not valid', run('echo )'), run('for'), run('echo ok')),
  vector('what is not complete', run('if', {}, 1.5), input('C-c'), run('echo $((1+', {}, 1.5), input('C-c'), run('echo ok')),
  vector('folders that are entered', run('mkdir -p "with blank" ünï && cd "with blank"'), run('cd ../ünï && pwd'), run('cd ..; cd nowhere'), run('ln -s ünï way; cd way; pwd; pwd -P'), run('cd -'), run('pushd / > /dev/null; pwd'), run('popd > /dev/null; pwd'), run('mkdir gone && cd gone && rmdir ../gone; pwd'), run('cd {dir}')),
  vector('the prompt is the shell’s own', run("PS1='mine> '"), run('echo still here'), run("PS2='more> '"), run('echo and here')),
  vector('what moves on the terminal', run("printf 'one\\ntwo\\033[1A\\rONE\\n\\n'"), run("printf 'abc\\033[2DX\\n'"), run("printf '\\033]0;title\\007text\\n'"), run("printf '10%%\\r 50%%\\r100%%\\n'"), run("printf 'a\\033[Kb\\n'")),
  vector('bytes that are no text', run("printf 'a\\001b\\002c\\n'"), run("printf 'del\\177x\\n'"), run("printf 'caf\\351\\n'"), run("printf '\\377\\376\\n'"), run("printf 'nul\\0x\\n'"), run("printf 'bell\\a!\\n'")),
  vector('long lines', run("head -c 1500 /dev/zero | tr '\\0' y"), run("printf '%s\\n' $(seq 1 400) | tr '\\n' ' '"), run('tput cols')),
  vector('output around what is kept of it', run("head -c 30000 /dev/zero | tr '\\0' x"), run("head -c 30001 /dev/zero | tr '\\0' x"), run('seq 1 6500'), run('seq 1 6500', { hidden: true })),
  vector('clear', run('echo before; clear; echo after')),
  vector('an environment that stays', run('export GREETING="a  b"; unset GONE'), run('echo "$GREETING"; bash -c \'echo "$GREETING"\''), run('set -o pipefail; false | true'), run('set +o pipefail')),
  vector('a command with a time of its own', run('timeout 1 sleep 5'), run('timeout 1 cat')),
];

/** Files by their names and kinds. */
const files: readonly Vector[] = [
  vector('files by other editors’ words', write('k.txt', 'x'), read('k.txt', { impl_source: 'unheard_of' }), read('k.txt', { impl_source: 'oh_aci' }), view('{dir}/k.txt')),
  vector('pictures and videos of other kinds', run('for f in a.gif a.bmp a.jpeg a.webm a.ogg a.MP4 a.PDF; do printf text > $f; done'), ...['a.gif', 'a.bmp', 'a.jpeg', 'a.webm', 'a.ogg', 'a.MP4', 'a.PDF', 'a.svg'].map((name) => read(name))),
  vector('texts of other encodings', run("printf '\\377\\376a\\0b\\0\\n\\0' > u16.txt"), read('u16.txt'), run("printf '\\357\\273\\277bom\\n' > bom.txt"), read('bom.txt'), run("printf 'a\\rb\\r' > mac.txt"), read('mac.txt'), run("printf 'a\\014b\\013c\\n' > ff.txt"), read('ff.txt')),
  vector('names of files', write('with blank.txt', 'a'), read('with blank.txt'), write("it's.txt", 'b'), read("it's.txt"), write('-dash', 'c'), read('-dash'), write('ünï/日本.txt', 'd'), read('ünï/日本.txt'), write('', 'x')),
  vector('reading where bash is', run('mkdir -p here && cd here'), write('in.txt', 'inside'), read('in.txt'), read('../here/in.txt'), run('cd ..')),
  vector('lists by relative names', run('mkdir -p {dir}/rel/x'), post('/list_files', { path: 'no/such' })),
  vector('edit: undo many times', edit('create', '{dir}/u.txt', { file_text: '0' }), ...Array.from({ length: 12 }, (_, i) => edit('str_replace', '{dir}/u.txt', { old_str: String(i), new_str: String(i + 1) })), ...Array.from({ length: 12 }, () => edit('undo_edit', '{dir}/u.txt'))),
  vector('edit: texts of their own kinds', edit('create', '{dir}/t.txt', { file_text: '' }), edit('create', '{dir}/t2.txt', { file_text: 'a\tb\n\n  c\n' }), edit('str_replace', '{dir}/t2.txt', { old_str: 'a\tb', new_str: 'a    b' }), edit('str_replace', '{dir}/t2.txt', { old_str: '', new_str: 'x' }), edit('str_replace', '{dir}/t2.txt', { old_str: '\n\n', new_str: '\n' }), run('od -c t2.txt'), edit('insert', '{dir}/t2.txt', { insert_line: 1, new_str: 'ü\n\nz' }), edit('insert', '{dir}/t2.txt', { insert_line: 1.5, new_str: 'x' }), edit('insert', '{dir}/t2.txt', { insert_line: 0, new_str: '' }), edit('view', '{dir}/t2.txt')),
  vector('edit: whole lines and the end', write('{dir}/w.txt', Array.from({ length: 30 }, (_, i) => `line ${i + 1}`).join('\n')), edit('str_replace', '{dir}/w.txt', { old_str: 'line 15\nline 16', new_str: 'changed' }), edit('str_replace', '{dir}/w.txt', { old_str: 'line 1\n', new_str: '' }), edit('str_replace', '{dir}/w.txt', { old_str: 'line 30\n', new_str: 'last\n' }), edit('insert', '{dir}/w.txt', { insert_line: 14, new_str: 'in between' }), view('{dir}/w.txt', [28, -1]), view('{dir}/w.txt', [5, 5])),
  vector('edit: paths', edit('view', ''), edit('view', '~/x'), edit('view', '{dir}/../none.txt'), edit('create', '{dir}/ünï.txt', { file_text: 'x' }), edit('view', '{dir}/ünï.txt'), edit('create', '{dir}', { file_text: 'x' })),
  vector('uploads by their names', upload('destination={dir}/n', 'with blank.txt', 'x'), upload('destination={dir}/n', 'ünï 日本.txt', 'x'), upload('destination={dir}/n', 'A.ZIP', 'no zip'), upload('destination={dir}/n/a%20b', 'x.txt', 'x'), upload('destination={dir}/n&recursive=no', 'y.txt', 'x'), upload('destination={dir}/n&recursive=maybe', 'y.txt', 'x'), upload('destination={dir}/n', 'empty', ''), run('find n | sort')),
  vector('downloads by their names', run('mkdir -p "dl/in ner/ü" dl/none && echo 1 > "dl/in ner/a b" && echo 2 > dl/ü.txt && touch dl/.hidden dl/empty && chmod 755 dl/empty'), get('/download_files?path={dir}/dl'), get('/download_files?path={dir}/dl/'), get('/download_files?path={dir}/dl/none'), get('/download_files?path=')),
];

/** Further vectors, in the order in which they are to be run. */
export const furtherVectors: readonly Vector[] = [...programs, ...texts, ...files];
