import { l10n } from 'vscode';
import { deadline } from '../../ground/deadline';
import { RuntimeError } from '../../core/errors';
import { hasEnded, lifetimeEnd, type Devbox } from '../../core/platform/devbox';
import { devboxLabel, remainingText, statusWord } from '../devboxes/devboxText';
import type { DevboxSources } from '../devboxes/pickDevbox';
import { forEach, namesOf } from '../devboxes/severalDevboxes';
import { commandProblem } from '../messages/commandProblems';
import { showActions } from '../messages/showActions';
import type { Log } from '../messages/log';
import { listLimitMs, whenSlow } from '../messages/whenSlow';
import type { KeepAlive } from './keepAlive';
import { saveActions } from './saveActions';
import { current } from './lifeCycleCommands';

/** Milliseconds that the first heartbeat may take. */
const firstMs = 60_000;

type KeepAliveServices = DevboxSources & { readonly keepAlive: KeepAlive; readonly log: Log };

/**
 * Switches on or off that this window keeps devboxes alive; on for all of them if it is off for one. It stays on until it is
 * switched off, the devbox ends or the window closes; the status bar shows it. It is switched on only where it helps: an idle
 * rule can be put off, a lifetime cannot (contract §2.3).
 */
export async function toggleKeepAlive(
  { account, store, keepAlive, log }: KeepAliveServices,
  argument: unknown,
  arguments_: unknown,
): Promise<void> {
  const { signedIn, devboxes } = await current(
    { account, store },
    { argument, arguments: arguments_, placeHolder: l10n.t('Select a devbox to keep alive') },
  );
  if (devboxes.length === 0) return;
  if (devboxes.every(({ id }) => keepAlive.isOn(id))) {
    for (const { id } of devboxes) keepAlive.off(id);
    return;
  }
  const ended = devboxes.find(({ status }) => hasEnded(status));
  if (ended !== undefined && devboxes.length === 1) {
    throw new RuntimeError({
      problem: commandProblem('ended_already', { devbox: devboxLabel(ended) }),
      devboxId: ended.id,
    });
  }
  const helped = devboxes.filter(({ status, idleRule }) => status === 'running' && idleRule !== undefined);
  const { api } = signedIn;
  // Only the first heartbeat can be given up: the later ones come by themselves.
  if (helped.length > 0) {
    await whenSlow(
      (giveUp) =>
        forEach(helped, (devbox) =>
          keepAlive.on(devbox, signedIn.ended, () =>
            api.devboxes.keepAlive(devbox.id, { signal: deadline(firstMs, giveUp) }),
          ),
        ),
      { limitMs: listLimitMs },
    );
  }
  const others = devboxes.filter((devbox) => !helped.includes(devbox));
  if (others.length > 0) tellWhyNot(others, api.clock.now(), log);
}

/** Says why Keep Alive was not switched on, and what helps instead. */
function tellWhyNot(devboxes: readonly Devbox[], nowMs: number, log: Log): void {
  const [devbox] = devboxes;
  if (devbox === undefined) return;
  if (devboxes.length > 1) {
    const text = l10n.t(
      'Cannot keep {0} alive: only a running devbox with an idle rule can be kept alive.',
      namesOf(devboxes),
    );
    showActions('information', text, [], log);
    return;
  }
  if (devbox.status !== 'running') {
    const text = l10n.t(
      '{0} is {1}. Only a running devbox can be kept alive.',
      devboxLabel(devbox),
      statusWord(devbox.status),
    );
    showActions('information', text, [], log);
    return;
  }
  const ends = lifetimeEnd(devbox);
  if (ends === undefined) {
    const text = l10n.t('{0} has no idle rule, so keeping it alive has no effect.', devboxLabel(devbox));
    showActions('information', text, [], log);
    return;
  }
  const text = l10n.t(
    '{0} shuts down in {1}, when its lifetime ends. Runloop cannot extend a lifetime. Take a snapshot to keep its disk.',
    devboxLabel(devbox),
    remainingText(ends, nowMs),
  );
  showActions('information', text, saveActions(devbox.id), log);
}
