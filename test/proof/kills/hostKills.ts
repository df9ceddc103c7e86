import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnded, type Devbox } from '../../../src/core/platform/devbox';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import { orderFaults } from '../../platform/orderedFaults';
import { startPlatform, type TestPlatform } from '../../platform/testPlatform';
import { startUiSession, type UiSession } from '../../ui/uiSession';
import type { Campaign, Counts } from '../campaign';
import type { Dice } from '../dice';
import { drawTrouble, noDropping } from './trouble';

/** Milliseconds from the key that starts to the last moment of a kill. */
const latestKillMs = 2_000;
/** Milliseconds that the next window may take to ask. */
const askMs = 60_000;

/** The same with a real extension host, which is killed during a start and whose window is then opened anew. */
export const hostKillsCampaign: Campaign = {
  about: 'kills --host: an extension host killed during a start leaves no devbox that the next window does not name',
  runs: 10,
  async begin() {
    const session = await startUiSession();
    const platform = await startPlatform(['--fault-control', '--api-key', session.platform.apiKey]);
    await session.api.evaluate(
      (vscode, to) =>
        vscode.workspace.getConfiguration('runloop').update('baseUrl', to, vscode.ConfigurationTarget.Global),
      platform.baseUrl,
    );
    const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    return {
      run: (dice, index) => oneRun({ session, platform, api }, dice, `host-kill-${index}`),
      end: async () => {
        await session.dispose();
        await platform.stop();
      },
    };
  },
};

interface HostRun {
  readonly session: UiSession;
  readonly platform: TestPlatform;
  readonly api: RunloopApi;
}

async function oneRun({ session, platform, api }: HostRun, dice: Dice, name: string): Promise<Counts> {
  const { workbench } = session;
  const trouble = drawTrouble(dice);
  const killAfterMs = dice.whole(0, latestKillMs);
  try {
    await orderFaults(platform, ...trouble.rules);
    const pid = await session.api.evaluate(() => process.pid);
    await workbench.runCommand('Runloop: Start Devbox');
    await workbench.quickInput.accept(name);
    await sleep(killAfterMs);
    process.kill(pid, 'SIGKILL');
    await orderFaults(platform, noDropping);
    await sleep(trouble.lateMs);
    const noted = readNotes(session).some((text) => text.includes(`"${name}"`));
    await workbench.reload();
    await session.api.ready();
    await eventually(
      () => session.api.evaluate(() => process.pid),
      (now) => now !== pid,
    );
    const living = await livingOf(api, name);
    assert.ok(living.length <= 1 || trouble.lateMs > 0, `Several: ${living.map(({ id }) => id).join(', ')}`);
    if (living.length === 0) return { killed: 1, 'nothing was made': 1 };
    // Without a note the start was complete, and the editor remembers its devbox as started here.
    if (!noted) return { killed: 1, 'complete before': 1 };
    const question = workbench.notification(`The start of devbox ${name} was interrupted`);
    await question.waitFor(askMs);
    const text = await question.message();
    const unnamed = living.filter(({ id }) => !text.includes(id));
    assert.deepEqual(unnamed, [], `The next window does not name all: ${text} (${trouble.words.join(', ')})`);
    await question.press('Shut Down');
    await eventually(
      () => livingOf(api, name),
      (left) => left.length === 0,
    );
    return { killed: 1, 'named by the next window': living.length };
  } finally {
    await orderFaults(platform);
    for (const { id } of await livingOf(api, name)) await api.devboxes.shutdown(id);
    await session.api.evaluate((vscode) => vscode.commands.executeCommand('notifications.clearAll').then(() => null));
  }
}

function readNotes({ stack }: UiSession): readonly string[] {
  const folder = join(stack.logsDir, '..', 'User', 'globalStorage', 'runloop-devboxes.runloop-devboxes', 'starts');
  try {
    return readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  } catch {
    return []; // No start has been noted yet.
  }
}

async function livingOf(api: RunloopApi, name: string): Promise<readonly Devbox[]> {
  const living: Devbox[] = [];
  for await (const devbox of api.devboxes.list({ pageSize: 1_000 })) {
    if (devbox.name === name && !hasEnded(devbox.status)) living.push(devbox);
  }
  return living;
}
