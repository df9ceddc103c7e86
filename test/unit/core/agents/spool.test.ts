import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, describe, it } from 'mocha';
import { AgentInstallation } from '../../../../src/core/agents/agentInstallation';
import type { SpoolLook } from '../../../../src/core/agents/ledger';
import { SessionsWatch } from '../../../../src/core/agents/sessionsWatch';
import { AgentSpool, type SpoolContext } from '../../../../src/core/agents/spool';
import { sessionsFolder } from '../../../../src/core/agents/spoolScripts';
import { RuntimeError } from '../../../../src/core/errors';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox, signal, type FilesDevbox } from '../files/useFiles';

describe("An agent's spool", function () {
  this.timeout(120_000);
  const used = usePlatform();
  const sealKey = randomBytes(32);
  let box: FilesDevbox;
  let count = 0;

  before(async () => {
    box = await filesDevbox(used.api, 'spool');
  });

  const at = (folder: string): AgentSpool =>
    new AgentSpool({ devboxId: box.id, commands: box.commands, folder, sealKey });
  const fresh = (): string => `/home/user/.runloop-agents/spool-${(count += 1)}`;
  async function started(command: readonly string[], mostOut?: number): Promise<{ folder: string; spool: AgentSpool }> {
    const folder = fresh();
    const spool = at(folder);
    assert.equal(await spool.start({ command, cwd: '/tmp', mark: 'm', signal, ...(mostOut && { mostOut }) }), true);
    return { folder, spool };
  }
  const by = (key: string, who = 'me') => ({ key, who, at: 1_700_000_000_000, requestDigest: '', signal });

  /** Looks until it is as asked for. */
  async function until(
    spool: AgentSpool,
    isSo: (all: Buffer, look: SpoolLook) => boolean,
  ): Promise<[Buffer, SpoolLook]> {
    let all = Buffer.alloc(0);
    for (let i = 0; i < 300; i += 1) {
      const look = await spool.look(signal);
      all = Buffer.concat([all, look.output]);
      if (!look.hasMore && isSo(all, look)) return [all, look];
      await sleep(50);
    }
    throw new Error(`never so: ${all.toString().slice(0, 200)}`);
  }
  const says = (text: string) => (all: Buffer) => all.includes(text);

  it('is a private folder, and its agent lives on and answers', async () => {
    const { folder, spool } = await started(['cat']);
    assert.match(await box.bash(`stat -c %a ${folder} ${folder}/..`), /^700\n700\n$/);
    assert.deepEqual(await spool.append('{"a":"é€"}', by('1')), { isFirst: true });
    const [all, look] = await until(spool, says('\n'));
    assert.equal(all.toString(), '{"a":"é€"}\n');
    assert.equal(look.life, 'running');
    assert.equal(await at(folder).start({ command: ['cat'], cwd: '/tmp', mark: 'm', signal }), false);
    await spool.end(signal);
    const [, last] = await until(spool, (_, { life }) => life === 'ended');
    assert.equal(last.exitCode, 143);
    assert.deepEqual([...(await spool.audit(signal))], []);
  });

  it('goes on in one process only, whichever windows ask for it at once, and again when that has ended', async () => {
    const { folder, spool } = await started(['cat']);
    const root = folder.slice(folder.lastIndexOf('/') + 1);
    const start = { command: ['cat'], cwd: '/tmp', mark: 'm', signal };
    const next = (): Promise<string | undefined> => at(fresh()).startAfter(start, root);
    assert.equal(await next(), root);
    await spool.end(signal);
    const said = await Promise.all(Array.from({ length: 6 }, next));
    const [name, ...others] = [...new Set(said.filter((one) => one !== undefined))];
    assert.deepEqual([others, said.filter((one) => one === undefined).length], [[], 1]);
    assert.equal(await next(), name);
    const runs = await box.bash(`cd ~/.runloop-agents; for i in */root; do grep -qx ${root} $i && echo; done | wc -l`);
    assert.equal(runs, '1\n');
    await at(`/home/user/.runloop-agents/${name ?? ''}`).end(signal);
    // What the devbox leaves there holds nobody up: pipes that nobody writes to, a process that is another one, a start that
    // ended before it had one.
    await box.bash(
      `cd ~/.runloop-agents; mkdir odd old; mkfifo odd/root old/pid; printf %s ${root} >old/root; : >old/mark
      mkdir stale; printf %s ${root} >stale/root; touch -d '1 hour ago' stale/mark`,
    );
    assert.equal(await next(), undefined);
    await assert.rejects(at(fresh()).startAfter(start, '../x'));
  });

  it('is looked for and started at once: who comes meanwhile waits, and then finds it', async () => {
    const start = { command: ['cat'], cwd: '/tmp', mark: 'm', signal };
    await box.bash(`mkdir -p ~/.runloop-agents && cd ~/.runloop-agents
      setsid -f flock .lock sh -c 'touch held; while [ -e held ]; do sleep 0.05; done' </dev/null >/dev/null 2>&1
      until [ -e held ]; do sleep 0.05; done`);
    const late = at(fresh()).startAfter(start, 'first');
    // Another window is about to start one.
    await box.bash(`cd ~/.runloop-agents
      waits() { for one in /proc/[0-9]*/cmdline; do
        [ "$(tr '\\0' ' ' 2>/dev/null <$one)" != 'flock -w 10 9 ' ] || return 0; done; return 1; }
      for i in $(seq 100); do waits && break; sleep 0.05; done
      mkdir winner; printf first >winner/root; : >winner/mark; rm held`);
    assert.equal(await late, 'winner');
  });

  it('takes each key once, whoever comes, and tells the second who was first', async () => {
    const { folder, spool } = await started(['cat']);
    const windows = Array.from({ length: 8 }, (_, i) => ({ who: `window ${i}`, spool: at(folder) }));
    const results = await Promise.all(windows.map(({ who, spool: own }) => own.append(`"${who}"`, by('a:0', who))));
    assert.equal(results.filter(({ isFirst }) => isFirst).length, 1);
    const first = windows[results.findIndex(({ isFirst }) => isFirst)];
    for (const result of results) {
      if (!result.isFirst) assert.deepEqual([result.by?.who, result.by?.isSealed], [first?.who, true]);
    }
    const [all] = await until(spool, says('\n'));
    await sleep(200);
    assert.equal(Buffer.concat([all, (await spool.look(signal)).output]).toString(), `"${first?.who ?? ''}"\n`);
    assert.deepEqual(
      spool.entries.map(({ key, who }) => [key, who]),
      [['a:0', first?.who]],
    );
    await spool.end(signal);
  });

  it('carries frames of a megabyte whole, sent twice', async () => {
    const { spool } = await started(['cat']);
    const frame = JSON.stringify({ text: randomBytes(400_000).toString('base64'), word: '€'.repeat(50_000) });
    assert.equal((await spool.append(frame, by('big'))).isFirst, true);
    assert.equal((await spool.append(frame, by('big'))).isFirst, false);
    const [all] = await until(spool, says('\n'));
    const digest = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');
    assert.equal(digest(all), digest(`${frame}\n`));
    await spool.end(signal);
  });

  it('finishes what was ended between its line and its frame, once', async () => {
    const { folder, spool } = await started(['cat']);
    await spool.append('"one"', by('1'));
    await spool.append('"two"', by('2'));
    // As it is left when the shell is killed after the line, with half of the frame written.
    const { folder: other, spool: half } = await started(['cat']);
    await half.append('"one"', by('1'));
    await box.bash(
      `cd ${other} && sed -n 2p ${folder}/ledger >>ledger && printf '"two"\\n' >pending && printf '"tw' >>in`,
    );
    assert.equal((await half.append('"two"', by('2'))).isFirst, false);
    assert.equal((await half.append('"three"', by('3'))).isFirst, true);
    assert.equal((await until(half, says('three')))[0].toString(), '"one"\n"two"\n"three"\n');
    await Promise.all([spool.end(signal), half.end(signal)]);
  });

  it('takes a line of which only a part is on the disk for none: its frame was not told', async () => {
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
    const shortcut: SpoolContext['shortcut'] = (words, frame) => watch.tell(words, frame);
    const { folder: whole, spool: other } = await started(['cat']);
    await other.append('"one"', by('1'));
    await other.append('"two"', by('2'));
    await other.end(signal);
    // All of it but its end, half of its key, and what a disk may have in the place of what was not written.
    const parts = ['sed -n 2p F/ledger | head -c -1', 'sed -n 2p F/ledger | head -c 3', `printf '\\0\\0\\0'`];
    for (const [index, part] of parts.entries()) {
      for (const way of ['long', 'short'] as const) {
        const folder = `/home/user/${sessionsFolder}/torn-${index}-${way}`;
        const open = (): AgentSpool =>
          new AgentSpool({
            ...{ devboxId: box.id, commands: box.commands, folder, sealKey },
            ...(way === 'short' && { shortcut }),
          });
        const [first, seen] = [open(), open()];
        await first.start({ command: ['cat'], cwd: '/tmp', mark: 'm', signal });
        await first.append('"one"', by('1'));
        await box.bash(`cd ${folder}; ${part.replace('F', whole)} >>ledger; printf '"two"\\n' >pending`);
        // Also for who looks before it is put right.
        await seen.look(signal);
        assert.deepEqual(
          seen.entries.map(({ key }) => key),
          ['1'],
          part,
        );
        const answers = [await first.append('"no"', by('2')), await first.append('"3"', by('3'))];
        assert.deepEqual(
          answers.map(({ isFirst }) => isFirst),
          [true, true],
          `${way}: ${part}`,
        );
        await until(seen, says('"3"'));
        assert.equal(await box.bash(`cat ${folder}/in`), '"one"\n"no"\n"3"\n');
        assert.deepEqual(
          seen.entries.map(({ key, number, isSealed }) => [key, number, isSealed]),
          [
            ['1', 1, true],
            ['2', 2, true],
            ['3', 3, true],
          ],
        );
        assert.deepEqual([...(await seen.audit(signal))], [], `${way}: ${part}`);
        await first.end(signal);
      }
    }
    ended.abort();
  });

  it('has no keys left beside it where nobody takes them, or takes them away', async () => {
    const installation = new AgentInstallation(box.id, box.commands);
    await box.bash('mkdir -p ~/.runloop-agents/keys-old && cd ~/.runloop-agents && touch -d "1 hour ago" keys-old');
    const folder = await installation.keysFolder(signal, 1);
    await box.bash(`printf 'A=hush\\0' >${folder}/keys`);
    // The window that has left them is gone.
    await eventually(
      () => box.bash(`ls -d ${folder} ~/.runloop-agents/keys-old 2>/dev/null || :`),
      (left) => left === '',
    );
    const kept = await installation.keysFolder(signal);
    assert.equal(await box.bash(`stat -c %a ${kept}`), '700\n');
    await installation.removeKeys(kept, signal);
    assert.equal(await box.bash('ls -d ~/.runloop-agents/keys-* 2>/dev/null || :'), '');
  });

  it('refuses frames for an agent that has ended, was killed, or is not there', async () => {
    const { folder, spool } = await started(['sh', '-c', 'echo last words; echo log >&2; exit 7']);
    const [all, look] = await until(spool, (_, { life }) => life === 'ended');
    assert.deepEqual([all.toString(), look.exitCode], ['last words\n', 7]);
    assert.equal(await spool.log(signal), 'log\n');
    await assert.rejects(spool.append('1', by('late')), problem('agent_ended'));
    await assert.rejects(at(`${folder}-none`).append('1', by('x')), problem('agent_spool_missing'));
    await assert.rejects(at(`${folder}-none`).look(signal), problem('agent_spool_missing'));
    const dead = await started(['cat']);
    await box.bash(`cd ${dead.folder} && read p _ <pid && kill -9 $(ps -o ppid= $p) $p`);
    await until(dead.spool, (_, { life }) => life === 'gone');
    await assert.rejects(dead.spool.append('1', by('late')), problem('agent_ended'));
  });

  it('keeps no more than its bound of an agent without end, ends it and says so', async () => {
    const { folder, spool } = await started(['sh', '-c', 'trap "" PIPE; while :; do echo 0123456789; done'], 100_000);
    const [all, look] = await until(spool, (_, { life }) => life === 'ended');
    assert.deepEqual([all.length, look.isCut, look.exitCode], [100_000, true, 137]);
    assert.equal(Number(await box.bash(`stat -c %s ${folder}/out`)), 100_000);
    const many = await started(
      ['sh', '-c', 'i=0; while [ $i -lt 300 ]; do echo 0123456789; i=$((i+1)); done; cat'],
      200_000,
    );
    assert.equal((await until(many.spool, ({ length }) => length >= 3300))[1].isCut, false);
    await many.spool.append('"still heard"', by('1'));
    await until(many.spool, says('still heard'));
    await many.spool.end(signal);
  });

  it('tells when the agent has answered for itself, or changed what was written', async () => {
    const forged = await started(['cat']);
    await box.bash(`cd ${forged.folder} && printf '"yes"\\n' >>in`);
    await until(forged.spool, (_, __) => forged.spool.tampering.has('unknown_frame'));
    const lined = await started(['cat']);
    await box.bash(
      `cd ${lined.folder} && printf '1\\tYTow\\tbWU\\t1\\t0\\t6\\tx\\t\\t${'0'.repeat(64)}\\n' >>ledger && printf '"yes"\\n' >>in`,
    );
    const second = await lined.spool.append('"no"', by('a:0'));
    assert.deepEqual([second.isFirst, second.isFirst ? '' : second.by?.isSealed], [false, false]);
    await lined.spool.look(signal);
    assert.deepEqual([...lined.spool.tampering], ['unsealed_line']);
    const changed = await started(['cat']);
    await changed.spool.append('"abc"', by('1'));
    await until(changed.spool, says('abc'));
    await box.bash(`cd ${changed.folder} && printf X | dd of=out conv=notrunc status=none`);
    assert.deepEqual([...(await changed.spool.audit(signal))], ['output_changed']);
    await box.bash(`cd ${changed.folder} && : >ledger`);
    await changed.spool.look(signal);
    assert.ok(changed.spool.tampering.has('ledger_changed'));
    for (const { spool } of [forged, lined, changed]) await spool.end(signal);
  });

  function problem(id: string): (error: unknown) => boolean {
    return (error) => RuntimeError.is(error) && error.problem.id === id;
  }
});
