import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, describe, it } from 'mocha';
import { AgentSession } from '../../../../src/core/agents/agentSession';
import type { SessionEvent } from '../../../../src/core/agents/sessionEvents';
import { SessionsWatch } from '../../../../src/core/agents/sessionsWatch';
import { AgentSpool, type SpoolContext } from '../../../../src/core/agents/spool';
import { sessionsFolder } from '../../../../src/core/agents/spoolScripts';
import { Transcript } from '../../../../src/core/agents/transcript';
import { quote } from '../../../../src/ground/shellWords';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox, signal, type FilesDevbox } from '../files/useFiles';

describe('An agent that says too much', function () {
  this.timeout(180_000);
  const used = usePlatform();
  const sealKey = randomBytes(32);
  let box: FilesDevbox;
  let count = 0;
  before(async () => {
    box = await filesDevbox(used.api, 'too much');
  });

  async function started(script: string, shortcut?: SpoolContext['shortcut'], mostOut?: number) {
    const folder = `/home/user/${sessionsFolder}/much-${(count += 1)}`;
    const spool = new AgentSpool({ devboxId: box.id, commands: box.commands, folder, sealKey, shortcut });
    await spool.start({ command: ['bash', '-c', script], cwd: '/tmp', mark: 'm', signal, ...(mostOut && { mostOut }) });
    const transcript = new Transcript();
    const onEvent = (event: SessionEvent): void => transcript.take(event);
    const session = await AgentSession.over({ spool, devboxId: box.id, who: 'me', now: Date.now, onEvent });
    return { spool, folder, session, transcript };
  }
  const asked = (id: string): string =>
    JSON.stringify({
      ...{ jsonrpc: '2.0', id, method: 'session/request_permission' },
      params: {
        ...{ sessionId: 's', toolCall: { toolCallId: 'c', title: 'ls', rawInput: { command: 'rm -rf ~' } } },
        options: [
          { optionId: 'y', name: 'Reject\n\u001b[31m\u202e', kind: 'allow_once' },
          { optionId: 'n', name: 'Allow Once', kind: 'reject_once' },
        ],
      },
    });

  it('in a line of 100 MB has that told as left out, by its size, and what it asks after that waits', async () => {
    const { spool, session, transcript } = await started(
      `head -c 100000000 /dev/zero | tr '\\0' x; echo; echo ${quote(asked('after'))}; exec cat >/dev/null`,
    );
    await eventually(
      () => session.look(signal),
      () => session.waiting.size > 0,
      120_000,
    );
    const [left, request] = transcript.items;
    assert.deepEqual(left, { kind: 'cut', bytes: 100_000_000 });
    assert.equal(request?.kind === 'request' && request.request.title, 'ls');
    await spool.end(signal);
  });

  it('until it is ended for that has it told why it ended', async () => {
    const { session, transcript } = await started(
      'trap "" PIPE; while :; do echo 0123456789; done',
      undefined,
      100_000,
    );
    await eventually(
      () => session.look(signal),
      () => session.life === 'ended',
    );
    const last = transcript.items.at(-1);
    assert.deepEqual(last?.kind === 'gone' && [last.isFull, last.exitCode], [true, 137]);
  });

  it('in a thousand requests at once has all of them counted, and each is answered by what its options mean', async () => {
    await box.bash(`mkdir -p ~/${sessionsFolder}`);
    const ended = new AbortController();
    const watch = new SessionsWatch({
      ...{ commands: box.commands, requireRunning: () => Promise.resolve(), onChange: () => undefined },
      ...{ onStopped: () => assert.fail('It runs.'), onFailure: (error) => assert.fail(String(error)) },
      signal: ended.signal,
    });
    watch.want(true);
    await eventually(
      () => watch.tell(['x'], ''),
      (told) => told?.said === 'no',
    );
    const line = asked('ID').split('ID').map(quote);
    const { spool, folder, session } = await started(
      `for ((i = 0; i < 1000; i++)); do printf '%s%s%s\\n' ${line[0] ?? ''} "$i" ${line[1] ?? ''}; done; exec cat >/dev/null`,
      (words, frame) => watch.tell(words, frame),
    );
    await eventually(
      () => session.look(signal),
      () => session.waiting.size + session.unshown.next === 1_000,
    );
    assert.deepEqual([session.waiting.size, session.unshown], [200, { next: 800, left: 0 }]);
    const done = new Set<string>();
    for (let [first] = session.waiting.values(); first !== undefined; [first] = session.waiting.values()) {
      const no = first.choices.find(({ means }) => means === 'reject_once') ?? assert.fail();
      assert.equal((await session.answer(first.id, no, signal)).isFirst, true);
      done.add(first.id);
    }
    assert.equal(done.size, 1_000);
    ended.abort();
    const told = (await box.bash(`cat ${folder}/in`)).trim().split('\n');
    assert.equal(told.filter((one) => one.includes('"optionId":"n"')).length, 1_000);
    assert.equal(told.length, 1_000);
    await spool.end(signal);
  });

  it('with an id that cannot be given back as it came has that told, and no other id is answered', async () => {
    const [before = '', after = ''] = asked('ID').split('"ID"');
    const odd = ['9007199254740993', '-1e300', '0.5', `"${'x'.repeat(600)}"`, 'null', '[1]'];
    const last = `${before}9007199254740991${after}`;
    const none = `${before.replace(/"id":$/, '')}${after.replace(/^,/, '')}`;
    assert.doesNotMatch(none, /"id"/);
    // A second one with an id never gets an answer of its own.
    const lines = [...odd.map((id) => `${before}${id}${after}`), none, last, last].map(quote);
    const other = quote('{"jsonrpc":"2.0","id":9007199254740995,"method":"fs/read_text_file","params":{}}');
    const { spool, folder, session, transcript } = await started(
      `printf '%s\\n' ${[other, ...lines].join(' ')}; exec cat >/dev/null`,
    );
    await eventually(
      () => session.look(signal),
      () => session.waiting.size > 0,
    );
    const told = transcript.items.flatMap((item) => (item.kind === 'unanswerable' ? [item.text] : []));
    assert.equal(told.length, odd.length + 2);
    assert.equal(transcript.items.filter(({ kind }) => kind === 'reused').length, 1);
    assert.match(told[1] ?? '', /"id":9007199254740993,/);
    assert.deepEqual([...session.waiting.keys()], ['9007199254740991']);
    const [request = assert.fail()] = session.waiting.values();
    const no = request.choices.find(({ means }) => means === 'reject_once') ?? assert.fail();
    await session.answer(request.id, no, signal);
    const all = (await box.bash(`cat ${folder}/in`)).trim().split('\n');
    assert.equal(all.length, 1);
    assert.match(all[0] ?? '', /"id":9007199254740991,/);
    await spool.end(signal);
  });
});
