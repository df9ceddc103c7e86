import { l10n, ProgressLocation, window } from 'vscode';
import { RuntimeError } from '../../../core/errors';
import { agentsProblem } from '../../../core/problems/agents';
import { oneLine } from '../../../core/safeText';
import type { SignedIn } from '../../account/account';
import { devboxLabel, devboxName } from '../../devboxes/devboxText';
import { escapeForEditor } from '../../messages/escapeForEditor';
import type { Devbox } from '../../../core/platform/devbox';
import { unlessAborted, withSignal } from '../../messages/cancellation';
import type { Agents } from '../agents';
import type { LiveAgent } from '../liveAgent';
import { openSession } from './openSession';

export interface Launch {
  readonly signedIn: SignedIn;
  readonly devbox: Devbox;
  readonly title: string;
  /** The agent's. */
  readonly name: string;
}

/** What whoever starts an agent is told of it. */
interface Told {
  /** Ends when it is cancelled. */
  readonly signal: AbortSignal;
  readonly onBegin: () => void;
  readonly onMade: (made: LiveAgent) => void;
}

/**
 * Starts an agent under a progress that ends it again, and opens its document.
 *
 * @throws RuntimeError `agent_left` where its account was left when there was a process, which nobody in this window can end any more
 */
export async function launch(agents: Agents, launched: Launch, start: (told: Told) => Promise<unknown>): Promise<void> {
  const { signedIn, devbox, title, name } = launched;
  const state = { hasBegun: false };
  try {
    await window.withProgress(
      { location: ProgressLocation.Notification, title: `${title}…`, cancellable: true },
      (_, token) =>
        withSignal(token, async (signal) => {
          let open: Promise<void> | undefined;
          let ended: Promise<void> | undefined;
          const onMade = (made: LiveAgent): void => {
            const end = (): void => {
              ended = made.end();
            };
            if (signal.aborted) end();
            else signal.addEventListener('abort', end, { once: true });
            open = openSession(agents, made, true);
          };
          const starting = start({ signal, onBegin: () => (state.hasBegun = true), onMade });
          try {
            await unlessAborted(starting, signal, devbox.id);
            await open;
          } finally {
            if (signal.aborted) {
              // What has begun is not left halfway: then it is known what there is of it.
              await Promise.allSettled([starting, open]);
              const isEnded = ended === undefined ? !state.hasBegun : await isDone(ended);
              if (!signedIn.ended.aborted) sayCancelled(launched, state.hasBegun, isEnded);
            }
          }
        }),
    );
  } catch (error) {
    if (!state.hasBegun || !signedIn.ended.aborted) throw error;
    const where = { devbox: oneLine(devboxName(devbox), 60), address: signedIn.baseUrl };
    const problem = agentsProblem('agent_left', { name: oneLine(name, 40), ...where });
    throw new RuntimeError({ problem, devboxId: devbox.id, cause: error });
  }
}

async function isDone(work: Promise<unknown>): Promise<boolean> {
  const [{ status }] = await Promise.allSettled([work]);
  return status === 'fulfilled';
}

function sayCancelled({ devbox, name }: Launch, hasBegun: boolean, isEnded: boolean): void {
  const agent = escapeForEditor(oneLine(name, 40));
  const where = devboxLabel(devbox);
  if (!isEnded) {
    void window.showWarningMessage(
      l10n.t(
        'The start of {0} was cancelled, but it may still be running in {1}. Its row is under Agents.',
        agent,
        where,
      ),
    );
    return;
  }
  void window.showInformationMessage(
    hasBegun
      ? l10n.t('The start of {0} in {1} was cancelled. It has been ended; its record is under Agents.', agent, where)
      : l10n.t('The start of {0} in {1} was cancelled before it began.', agent, where),
  );
}
