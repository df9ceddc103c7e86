import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import {
  covers,
  isAllowed,
  pathsIn,
  ruleOf,
  type RequestOrigin,
  type ResolvePaths,
} from '../../../../src/core/agents/consent';
import { exactText } from '../../../../src/core/agents/exactText';
import { FrameReader } from '../../../../src/core/agents/frames';
import { waitingRequest, type WaitingRequest } from '../../../../src/core/agents/waiting';
import { acpSchema } from '../../../../src/core/agents/acpSchema';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox, signal, type FilesDevbox } from '../files/useFiles';

const options = [
  { optionId: 'y', name: 'Yes', kind: 'allow_once' },
  { optionId: 'n', name: 'No', kind: 'reject_once' },
];

function asked(toolCall: object): WaitingRequest {
  const params = { sessionId: 's', toolCall: { toolCallId: 'c', ...toolCall }, options };
  return waitingRequest('0', '', acpSchema.permission.parse(params));
}
const command = (rawInput: object, title = 'ls'): WaitingRequest => asked({ kind: 'execute', title, rawInput });
const edit = (path: string, more: object = {}): WaitingRequest =>
  asked({ kind: 'edit', content: [{ type: 'diff', path, oldText: 'a', newText: 'b' }], ...more });

describe('A rule of consent', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: FilesDevbox;
  let origin: RequestOrigin;

  before(async () => {
    box = await filesDevbox(used.api, 'consent');
    origin = { agent: 'codex', devboxId: box.id, cwd: '/tmp/work' };
    await box.bash('mkdir -p /tmp/work/src /tmp/workshop && ln -s /etc /tmp/work/src/out && ln -s work /tmp/alias');
  });
  const by = () => ({ resolve: pathsIn(box.commands), signal });

  it('answers the same whole command of the same agent, tool, devbox and directory, and no other', async () => {
    const rule = await ruleOf(command({ command: ['bash', '-c', 'ls'] }), origin, by());
    assert.ok(rule);
    const isCovered = (request: WaitingRequest, where = origin): Promise<boolean> => covers(rule, request, where, by());
    assert.equal(await isCovered(command({ command: ['bash', '-c', 'ls'] }, 'another title')), true);
    assert.equal(await isCovered(command({ command: ['bash', '-c', 'ls'] }), { ...origin, cwd: '/tmp/alias' }), true);
    assert.equal(await isCovered(command({ command: ['bash', '-c', 'ls; rm -rf ~'] }, 'ls')), false);
    assert.equal(await isCovered(command({ command: 'bash -c ls' })), false);
    assert.equal(await isCovered(command({ command: ['bash', '-c', 'ls'], cwd: '/' })), false);
    assert.equal(await isCovered(command({ command: ['bash', '-c', 'ls'], cmd: 'rm -rf ~' })), false);
    assert.equal(await isCovered(asked({ kind: 'read', rawInput: { command: ['bash', '-c', 'ls'] } })), false);
    assert.equal(await isCovered(command({ command: ['bash', '-c', 'ls'] }), { ...origin, cwd: '/tmp' }), false);
    assert.equal(await isCovered(command({ command: ['bash', '-c', 'ls'] }), { ...origin, agent: 'pi' }), false);
    assert.equal(await isCovered(command({ command: ['bash', '-c', 'ls'] }), { ...origin, devboxId: 'dbx_2' }), false);
  });

  it('is for all that the tool is given, but for words and numbers that change nothing', async () => {
    const git = { command: 'git', args: ['status'], description: 'Looks' };
    const rule = await ruleOf(command(git), origin, by());
    assert.ok(rule);
    const isCovered = (rawInput: object): Promise<boolean> => covers(rule, command(rawInput), origin, by());
    assert.equal(await isCovered({ description: 'Looks again', timeout: 5, args: ['status'], command: 'git' }), true);
    for (const other of [
      { args: ['push'] },
      { args: undefined },
      { env: { A: 'b' } },
      { stdin: 'x' },
      { sandbox: false },
    ]) {
      assert.equal(await isCovered({ ...git, ...other }), false, JSON.stringify(other));
    }
    const file = await ruleOf(asked({ kind: 'edit', rawInput: { path: 'src/a', content: 'a' } }), origin, by());
    assert.ok(file);
    for (const [more, isIn] of [
      [{ content: 'b' }, true],
      [{ target: '/etc/passwd' }, false],
      [{ files: ['/etc'] }, false],
    ] as const) {
      const request = asked({ kind: 'edit', rawInput: { path: 'src/a', ...more } });
      assert.equal(await covers(file, request, origin, by()), isIn, JSON.stringify(more));
    }
  });

  it('is for the folder that a command says, as it is now, and for one only', async () => {
    await box.bash('mkdir -p /tmp/work/one /tmp/work/two && ln -sfn one /tmp/work/here');
    const make = { command: 'make', cwd: 'here' };
    const rule = await ruleOf(command(make), origin, by());
    assert.ok(rule);
    const isCovered = (rawInput: object): Promise<boolean> => covers(rule, command(rawInput), origin, by());
    assert.equal(await isCovered(make), true);
    assert.equal(await isCovered({ command: 'make', workdir: '/tmp/work/one/../one/' }), true);
    for (const other of [
      { cwd: 'two' },
      { workdir: '/etc' },
      { workdir: ['/etc'] },
      { cwd: ['here'] },
      { cwd: '~/here' },
    ]) {
      assert.equal(await isCovered({ ...make, ...other }), false, JSON.stringify(other));
    }
    await box.bash('ln -sfn two /tmp/work/here');
    assert.equal(await isCovered(make), false);
    const plain = await ruleOf(command({ command: 'make' }), origin, by());
    assert.ok(plain);
    for (const cwd of [['/etc'], 7, { path: '/etc' }]) {
      assert.equal(await covers(plain, command({ command: 'make', cwd }), origin, by()), false, JSON.stringify(cwd));
    }
  });

  it('takes nothing for the same that looks the same, or nearly', async () => {
    const rule = await ruleOf(command({ command: 'rm a' }), origin, by());
    assert.ok(rule);
    const others = [
      'rm  a',
      'rm a ',
      ' rm a',
      'rm a\n',
      'rm\ta',
      'rm\u00a0a',
      'rm \u0430',
      'rm a\u200b',
      'RM a',
      'rm a\0',
      'rm \u202ea',
    ];
    for (const other of [...others, ['rm', 'a'], ['rm a']]) {
      assert.equal(await covers(rule, command({ command: other }), origin, by()), false, JSON.stringify(other));
      // And no two of them are shown as one.
      if (typeof other === 'string' && /[^ -~\n\t\u0430]/.test(other)) assert.match(exactText(other), /\\u\{/);
    }
  });

  it('is for no file that a change names beside what it is of, and for no path that tools read as more than a name', async () => {
    const rule = await ruleOf(edit('src/a.ts'), origin, { ...by(), under: '/tmp/work' });
    assert.ok(rule);
    const isCovered = (rawInput: object): Promise<boolean> =>
      covers(rule, asked({ kind: 'edit', title: 'src/a', rawInput }), origin, by());
    for (const good of [
      { changes: { 'src/a': { type: 'update', unified_diff: '@@', move_path: null } } },
      { changes: { 'src/a': { update: { unified_diff: '@@', move_path: 'src/b' } } } },
      { changes: [{ path: 'src/a', content: 'x' }] },
      { file_path: 'src/a', edits: [{ old_string: 'a', new_string: 'b' }] },
    ]) {
      assert.equal(await isCovered(good), true, JSON.stringify(good));
    }
    for (const bad of [
      { changes: { 'src/a': { type: 'update', unified_diff: '@@', move_path: '/etc/cron.d/a' } } },
      { changes: { 'src/a': { update: { unified_diff: '@@', move_path: '/etc/cron.d/a' } } } },
      { changes: { 'src/a': { type: 'delete' } } },
      { changes: [{ path: 'src/a' }, { path: '/etc/passwd' }] },
      { path: 'src/a', edits: [{ path: '/etc/passwd', newText: 'x' }] },
      { path: 'src/a', edits: [{ uri: '/etc/passwd', newText: 'x' }] },
      { path: 'src/a', filePath: ['/etc/passwd'] },
      { path: 'src/a', patch: '*** Update File: /etc/passwd' },
      { path: '~/.bashrc' },
      { path: 'file:///etc/passwd' },
      { path: '' },
      { path: 'src/a\0/../../../etc/passwd' },
    ]) {
      assert.equal(await isCovered(bad), false, JSON.stringify(bad));
    }
    assert.equal(await ruleOf(edit('~/a'), origin, { ...by(), under: '/tmp/work' }), undefined);
  });

  it('answers nothing any more where it is taken back while the devbox is asked', async () => {
    const request = command({ command: 'ls' });
    const rule = await ruleOf(request, origin, by());
    let rules = rule === undefined ? [] : [rule];
    assert.equal(await isAllowed(() => structuredClone(rules), request, origin, by()), true);
    const resolve: ResolvePaths = async (...asked) => {
      rules = [];
      return pathsIn(box.commands)(...asked);
    };
    assert.equal(await isAllowed(() => structuredClone(rules), request, origin, { resolve, signal }), false);
  });

  it('and no answer at all, is for options that share an id: what the agent would take as chosen nobody knows', () => {
    const twice = [
      { optionId: 'y', name: 'Yes', kind: 'allow_once' },
      { optionId: 'y', name: 'Always', kind: 'allow_always' },
      { optionId: 'n', name: 'No', kind: 'reject_once' },
    ];
    const params = { sessionId: 's', toolCall: { toolCallId: 'c' }, options: twice };
    assert.deepEqual(
      waitingRequest('0', '', acpSchema.permission.parse(params)).choices.map(({ id }) => id),
      ['n'],
    );
  });

  it('answers for files under a folder, with dots and links resolved in the devbox', async () => {
    const rule = await ruleOf(edit('src/a.ts'), origin, { ...by(), under: '/tmp/work' });
    assert.ok(rule);
    assert.deepEqual(rule.allows, { kind: 'paths', under: '/tmp/work' });
    const isCovered = (request: WaitingRequest): Promise<boolean> => covers(rule, request, origin, by());
    for (const path of ['src/new/b.ts', '/tmp/work/a', '/tmp/alias/a', '/tmp/workshop/../work/a', 'odd\nname']) {
      assert.equal(await isCovered(edit(path)), true, path);
    }
    for (const path of ['/tmp/workshop/a', '../x', 'src/../../x', 'src/out/passwd', '/tmp/work/src/out/../x', '/']) {
      assert.equal(await isCovered(edit(path)), false, path);
    }
    assert.equal(await isCovered(edit('a', { rawInput: { file_path: '/etc/passwd' } })), false);
    assert.equal(await isCovered(edit('a', { rawInput: { changes: { '/etc/passwd': {} } } })), false);
    assert.equal(await isCovered(edit('a', { locations: [{ path: '/etc/passwd' }] })), false);
    assert.equal(await ruleOf(edit('/etc/passwd'), origin, { ...by(), under: '/tmp/work' }), undefined);
  });

  it('is never made of a request that does not say exactly what it would do', async () => {
    const vague = [
      asked({ kind: 'execute', title: 'ls' }),
      asked({ kind: 'edit', title: 'a', locations: [{ path: 'src/a' }] }),
      command({}),
      command({ command: 7 }),
      command({ command: ['ls', 7] }),
      command({ command: 'ls', cmd: 'rm' }),
      edit('src/a', { rawInput: { command: 'ls' } }),
    ];
    for (const request of vague) {
      assert.equal(request.input, undefined);
      assert.equal(await ruleOf(request, origin, { ...by(), under: '/tmp/work' }), undefined);
    }
  });
});

describe("The lines of an agent's output", () => {
  const frame = `${JSON.stringify({ id: 0, text: '€é😀'.repeat(50) })}\n`;

  it('are whole however they come, also within a character', () => {
    const bytes = Buffer.from(`${frame}not json\n[1]\n\n${frame}`);
    for (let size = 1; size < 12; size += 1) {
      const reader = new FrameReader();
      const found = [];
      for (let at = 0; at < bytes.length; at += size) found.push(...reader.take(bytes.subarray(at, at + size)));
      assert.deepEqual(
        found.map(({ kind }) => kind),
        ['message', 'noise', 'noise', 'message'],
      );
      const last = found.at(-1);
      assert.deepEqual(last?.kind === 'message' && last.message, JSON.parse(frame));
    }
  });

  it('are none where they are nested without end, and what is set out in lines does not grow with that', () => {
    const nested = (levels: number): string => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    const frames = [...new FrameReader().take(Buffer.from(`${nested(100)}\n${nested(5_000)}\n${nested(1_000_000)}\n`))];
    assert.deepEqual(
      frames.map(({ kind }) => kind),
      ['message', 'noise', 'noise'],
    );
    const wide = JSON.parse(`${'['.repeat(90)}${'1,'.repeat(60_000)}1${']'.repeat(90)}`) as unknown;
    assert.ok((command({ command: 'ls', wide }).rawInput?.length ?? 0) < 200_000);
  });

  it('are told as cut where one has no end, and the next is read', () => {
    const reader = new FrameReader(1000);
    for (let i = 0; i < 50; i += 1) {
      assert.deepEqual([...reader.take(Buffer.alloc(100, 'x'))], []);
      assert.ok(reader.kept <= 1000, `${reader.kept} bytes are kept`);
    }
    assert.deepEqual([...reader.take(Buffer.from('\n'))], [{ kind: 'cut', bytes: 5000 }]);
    assert.equal([...reader.take(Buffer.from('{"a":1}\n'))][0]?.kind, 'message');
  });
});
