import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, describe, it } from 'mocha';
import { AgentInstallation, launchWords } from '../../../../src/core/agents/agentInstallation';
import { AgentSession } from '../../../../src/core/agents/agentSession';
import { RuntimeError } from '../../../../src/core/errors';
import type { SessionEvent } from '../../../../src/core/agents/sessionEvents';
import { AgentSpool } from '../../../../src/core/agents/spool';
import { usePlatform } from '../../../platform/usePlatform';
import { agentFolderVariable, testedAgents, whyMissing } from '../../../run/programs';
import { skip } from '../../../run/skip';
import { filesDevbox, signal, type FilesDevbox } from '../files/useFiles';
import { installedIn, realAgents, scriptedModelIn, type RealAgent } from './realAgents';
import { invalidFrames } from './validFrames';

const sealKey = randomBytes(32);

for (const { id } of testedAgents()) {
  const driven = realAgents[id] ?? assert.fail(id);
  describe(`The real agent ${id}, with a scripted model`, function () {
    this.timeout(240_000);
    const used = usePlatform();
    let box: FilesDevbox;
    let agent: RealAgent;

    before(async function () {
      // Known once the run has begun.
      const packed = process.env[agentFolderVariable(id)];
      if (packed === undefined) {
        skip(this, `${id} cannot be had here: ${whyMissing(agentFolderVariable(id)) ?? 'not installed'}`);
      }
      box = await filesDevbox(used.api, id);
      agent = driven(await scriptedModelIn(box));
      await installedIn(used.api, box, { agent: agent.recipe, packed });
    });

    it('asks before each command, does what is allowed and nothing else, and goes on in a new process', async () => {
      const { recipe } = agent;
      const commands = box.commands;
      const place = await new AgentInstallation(box.id, commands).look(recipe, '~/work', signal);
      const cwd = place.cwd ?? assert.fail();
      assert.ok(place.isInstalled);
      const folder = `${place.home}/.runloop-agents/sessions/${id}`;
      const start = { command: launchWords(recipe, place.home, ''), cwd, mark: '', signal };
      let spool = new AgentSpool({ devboxId: box.id, commands, folder, sealKey });
      await spool.start(start);
      const events: SessionEvent[] = [];
      const onEvent = (event: SessionEvent): void => void events.push(event);
      const over = { devboxId: box.id, who: 'test', now: Date.now, onEvent };
      let session = await AgentSession.over({ spool, ...over });
      const during = async <T>(work: Promise<T>, isSo?: () => boolean): Promise<T | undefined> => {
        const turn = { isDone: false };
        work.finally(() => (turn.isDone = true)).catch(() => undefined);
        const endMs = performance.now() + 90_000;
        while (!turn.isDone && isSo?.() !== true) {
          await session.look(signal);
          if (performance.now() > endMs || session.life !== 'running') {
            assert.fail(`${session.life}: ${await spool.log(signal)}`);
          }
          await sleep(50);
        }
        return turn.isDone ? work : undefined;
      };
      await during(session.initialize(signal));
      if (agent.authMethod !== undefined) await during(session.authenticate(agent.authMethod, signal));
      const sessionId = (await during(session.create(cwd, signal))) ?? assert.fail();
      if (recipe.mode !== undefined) await during(session.setMode(sessionId, recipe.mode, signal));
      const answerTo = async (
        name: string,
        means: 'allow_once' | 'reject_once',
        turn: Promise<unknown>,
      ): Promise<void> => {
        await during(turn, () => session.waiting.size > 0);
        const [request] = session.waiting.values();
        assert.ok(request, name);
        assert.match(`${request.title} ${request.rawInput ?? ''}`, new RegExp(`touch ${name}`));
        const input = agent.input(name);
        assert.deepEqual(
          request.input?.kind === 'command' ? request.input.command : undefined,
          input,
          JSON.stringify(request),
        );
        assert.equal(await box.bash(`ls ${cwd}/${name} 2>/dev/null || true`), '');
        const choice = request.choices.find((one) => one.means === means) ?? assert.fail(means);
        await session.answer(request.id, choice, signal);
      };
      const script = (...steps: object[]): string => `SCRIPT ${JSON.stringify(steps)}`;
      const allowed = session.prompt(sessionId, script(agent.command('touch yes'), { text: 'all done' }), signal);
      await answerTo('yes', 'allow_once', allowed);
      assert.equal(await during(allowed), 'end_turn');
      assert.equal(await box.bash(`ls ${cwd}`), 'yes\n');
      const refused = session.prompt(sessionId, script(agent.command('touch no'), { text: 'after the no' }), signal);
      await answerTo('no', 'reject_once', refused);
      assert.equal(await during(refused), agent.stopsAtNo);
      assert.equal(await box.bash(`ls ${cwd}`), 'yes\n');
      const said = (words: string): boolean =>
        events.some(
          (event) =>
            event.kind === 'update' &&
            event.update.sessionUpdate === 'agent_message_chunk' &&
            JSON.stringify(event).includes(words),
        );
      assert.equal(said('after the no'), agent.goesOnAfterNo);
      if (agent.edit !== undefined) {
        const edit = session.prompt(sessionId, script(agent.edit(`${cwd}/edited`), { text: 'no edit' }), signal);
        await during(edit, () => session.waiting.size > 0);
        const [request] = session.waiting.values();
        assert.deepEqual(
          request?.diffs.map(({ path, after }) => [path, after]),
          [[`${cwd}/edited`, 'written']],
        );
        const no = request.choices.find(({ means }) => means === 'reject_once') ?? assert.fail();
        await session.answer(request.id, no, signal);
        assert.equal(await during(edit), agent.stopsAtNo);
        assert.equal(await box.bash(`ls ${cwd}`), 'yes\n');
        assert.equal(said('no edit'), agent.goesOnAfterNo);
      }
      for (const means of agent.fetch === undefined ? [] : (['reject_once', 'allow_once'] as const)) {
        const fetch = agent.fetch?.(means) ?? assert.fail();
        const turn = session.prompt(sessionId, script(fetch, { text: 'all done' }), signal);
        await during(turn, () => session.waiting.size > 0);
        const request = [...session.waiting.values()][0] ?? assert.fail(means);
        // It says exactly what it would fetch, and is no command that a rule could allow.
        assert.match(request.rawInput ?? '', new RegExp(`"http://127\\.0\\.0\\.1:\\d+/${means}"`));
        assert.equal(request.input, undefined);
        assert.doesNotMatch(await box.bash('cat /tmp/model.log'), new RegExp(`^/${means}$`, 'm'));
        await session.answer(request.id, request.choices.find((one) => one.means === means) ?? assert.fail(), signal);
        assert.equal(await during(turn), 'end_turn');
        const fetched = (await box.bash('cat /tmp/model.log')).split('\n').filter((path) => path === `/${means}`);
        assert.equal(fetched.length > 0, means === 'allow_once');
      }
      // Each line, of both sides, is a frame as the protocol's schema has it.
      const [told, out] = [await box.bash(`cat ${folder}/in`), await box.bash(`cat ${folder}/out`)];
      assert.ok(out.endsWith('\n') && out.split('\n').length > 5, out);
      assert.deepEqual(invalidFrames(told, out), []);
      assert.ok(said('all done'));
      assert.equal((await spool.audit(signal)).size, 0);
      // When its process is gone, another one goes on, by the id of the session that the record has.
      await spool.end(signal);
      await session.look(signal);
      assert.deepEqual([session.life, session.canBeTakenUp, session.sessionId], ['ended', true, sessionId]);
      spool = new AgentSpool({ devboxId: box.id, commands, folder: `${folder}-next`, sealKey });
      assert.equal(await spool.startAfter(start, id), undefined);
      session = await AgentSession.over({ spool, ...over, earlierId: sessionId });
      await during(session.initialize(signal));
      if (agent.authMethod !== undefined) await during(session.authenticate(agent.authMethod, signal));
      const isTakenUp = await during(session.takeUp(sessionId, cwd, signal)).catch((error: unknown) => {
        // It is said, and the process can be used for another session.
        assert.ok(RuntimeError.is(error) && agent.losesSessions?.test(error.message) === true, String(error));
        return false;
      });
      assert.equal(session.sessionId, isTakenUp === true ? sessionId : undefined);
      const now = isTakenUp === true ? sessionId : ((await during(session.create(cwd, signal))) ?? assert.fail());
      assert.deepEqual([session.sessionId, session.waiting.size, session.isInTurn], [now, 0, false]);
      if (recipe.mode !== undefined) await during(session.setMode(now, recipe.mode, signal));
      const more = session.prompt(now, script(agent.command('touch later'), { text: 'all done' }), signal);
      await answerTo('later', 'allow_once', more);
      assert.equal(await during(more), 'end_turn');
      assert.equal(await box.bash(`ls ${cwd}`), 'later\nyes\n');
      await spool.end(signal);
    });
  });
}
