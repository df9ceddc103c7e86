import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { topLevelCommands } from '../../../../../src/local/actionServer/bash/topLevelCommands';

describe('topLevelCommands', () => {
  const single = [
    'echo a',
    'a; b && c',
    'for i in 1 2; do\n  echo $i\ndone',
    'if true\nthen\n  echo a\nelse\n  echo b\nfi',
    'cat <<EOF\necho a\necho b\nEOF',
    "cat <<-'A B' | sort\n\tb\n\ta\n\tA B",
    "python3 - <<'PY'\nif True:\n    print('it''s')\nPY",
    'echo "one\ntwo\nthree"',
    "node -e '\nconsole.log(1)\nconsole.log(2)\n'",
    'echo a \\\n  b \\\n  c',
    'a &&\n  b ||\n  c',
    'f() {\n  echo "}"\n}',
    '# a comment\necho a',
    'echo a\n# a comment\n\n',
    'case x in\n  x) echo 1;;\nesac',
    'x=(\n a\n b\n)',
    'echo "unfinished\nsecond line',
  ];
  for (const text of single) {
    it(`takes ${JSON.stringify(text)} as one`, async () => {
      assert.equal((await topLevelCommands(text, 'bash')).length, 1);
    });
  }

  const several: [string, string[]][] = [
    ['echo a\necho b', ['echo a', 'echo b']],
    ['echo a\r\necho b', ['echo a\r', 'echo b']],
    ['cat <<EOF > f\nx\nEOF\ncat f', ['cat <<EOF > f\nx\nEOF', 'cat f']],
    ['for i in 1; do\n echo\ndone\n\n# then\npwd\nls', ['for i in 1; do\n echo\ndone', 'pwd', 'ls']],
    ['echo "a\nb"\necho c', ['echo "a\nb"', 'echo c']],
  ];
  for (const [text, expected] of several) {
    it(`sees ${expected.length} in ${JSON.stringify(text)}`, async () => {
      assert.deepEqual(await topLevelCommands(text, 'bash'), expected);
    });
  }

  it('runs nothing, and stays quick with a long here-document', async () => {
    const body = Array.from({ length: 5000 }, (_, line) => `line ${line} "quoted' $(touch /nonexistent/x)`).join('\n');
    assert.equal((await topLevelCommands(`cat <<'EOF'\n${body}\nEOF`, 'bash')).length, 1);
    assert.equal((await topLevelCommands(`cat <<'EOF'\n${body}\nEOF\nls`, 'bash')).length, 2);
  });
});
