import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { describe, it } from 'mocha';
import * as z from 'zod';

const examples = readdirSync('test/lint', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .map((name) => {
    const text = readFileSync(join('test/lint', name), 'utf8');
    const [, file = '', rule = ''] = /^\/\/ (\S+): (\S+)\n/.exec(text) ?? [];
    return { name, text, file, rule };
  });

const zonesOf = z.object({
  rules: z.object({
    'import-x/no-restricted-paths': z.tuple([
      z.unknown(),
      z.object({
        zones: z.array(
          z.object({ target: z.string(), from: z.union([z.string(), z.array(z.string())]), message: z.string() }),
        ),
      }),
    ]),
  }),
});

describe('lint', () => {
  const eslint = new ESLint();

  it('stops every example of what must not be', async () => {
    assert.ok(examples.length > 70);
    const passed: string[] = [];
    for (const { name, text, file, rule } of examples) {
      const [result] = await eslint.lintText(text, { filePath: file });
      if (!(result?.messages ?? []).some(({ ruleId }) => ruleId === rule)) {
        passed.push(`${name} is not stopped by ${rule}`);
      }
    }
    assert.deepEqual(passed, []);
  });

  it('has an example for every room and storey', async () => {
    const config: unknown = await eslint.calculateConfigForFile('src/core/errors.ts');
    const { zones } = zonesOf.parse(config).rules['import-x/no-restricted-paths'][1];
    assert.ok(zones.length > 60);
    const told: string[] = [];
    for (const { text, file } of examples) {
      const [result] = await eslint.lintText(text, { filePath: file });
      told.push(...(result?.messages ?? []).map(({ message }) => message));
    }
    const silent = zones.filter(({ message }) => !told.some((sentence) => sentence.includes(message)));
    assert.deepEqual(silent, []);
  });

  it('lets a room import what lies below it', async () => {
    const text =
      "import { RuntimeError } from '../errors';\nimport { retrying } from '../http/retry';\nexport const used = [RuntimeError, retrying];\n";
    const [result] = await eslint.lintText(text, { filePath: 'src/core/platform/example.ts' });
    assert.deepEqual(result?.messages, []);
  });

  it('says which folder holds too many files, and which does not say what may enter', () => {
    const script = join('test', 'lint', 'roomSizes.mjs');
    execFileSync(process.execPath, [script]);
    const house = mkdtempSync(join(tmpdir(), 'rooms-'));
    const room = (name: string, files: number, readme?: string): void => {
      mkdirSync(join(house, name));
      for (let count = 1; count <= files; count += 1) writeFileSync(join(house, name, `${count}.ts`), '');
      if (readme !== undefined) writeFileSync(join(house, name, 'README.md'), readme);
    };
    const sentence = 'Files that are much alike, and nothing else.';
    room('full', 16, `# full\n\n${sentence}\n`);
    room('good', 15, `# good\n\n${sentence}\n`);
    room('silent', 1);
    room('untold', 1, `# untold\n\n| file | idea |\n|---|---|\n\n${sentence}\n`);
    room('empty', 1, '# empty\n');
    room('foreign', 1, `# foreign\n\n${sentence}\n`);
    for (const name of ['two.mts', 'three.mjs', 'four.tsx']) writeFileSync(join(house, 'foreign', name), '');
    const { status, stderr } = spawnSync(process.execPath, [script, house], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.deepEqual(
      stderr
        .trim()
        .split('\n')
        .map((line) => line.replace(`${house}/`, '').replace(/(?<=\w)[/ ].*/, ''))
        .sort(),
      ['empty', 'foreign', 'foreign', 'foreign', 'full', 'silent', 'untold'],
    );
    assert.match(stderr, /full holds 16 files/);
  });

  it('says which room has no fence, and which fence has no room', () => {
    const script = join('test', 'lint', 'roomZones.mjs');
    execFileSync(process.execPath, [script]);
    const house = mkdtempSync(join(tmpdir(), 'rooms-'));
    for (const name of readdirSync('src', { recursive: true, encoding: 'utf8' }).sort()) {
      if (name.startsWith(join('local', 'sftp'))) continue;
      if (statSync(join('src', name)).isDirectory()) mkdirSync(join(house, name));
      else writeFileSync(join(house, name), '');
    }
    for (const name of ['core/unfenced', 'local/ssh/unfenced']) {
      mkdirSync(join(house, name));
      writeFileSync(join(house, name, 'one.ts'), '');
    }
    const { status, stderr } = spawnSync(process.execPath, [script, house], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.deepEqual(stderr.trim().split('\n'), [
      'src/core/unfenced has no zone in eslint.config.mjs, and is not named there as one without.',
      'src/local/ssh/unfenced has no zone in eslint.config.mjs, and is not named there as one without.',
      'src/local/sftp is in eslint.config.mjs, and is not there.',
    ]);
  });
});
