import { randomBytes } from 'node:crypto';
import { l10n, ProgressLocation, window } from 'vscode';
import { shownFolder, type InstalledAgents } from '../../../core/agents/installing/installedAgents';
import { RuntimeError } from '../../../core/errors';
import type { Devbox } from '../../../core/platform/devbox';
import { agentsProblem } from '../../../core/problems/agents';
import { oneLine } from '../../../core/safeText';
import type { SignedIn } from '../../account/account';
import { mustStillBe } from '../../account/accountChanged';
import { devboxLabel } from '../../devboxes/devboxText';
import { saysYes } from '../../messages/ask';
import { escapeForEditor } from '../../messages/escapeForEditor';
import { lookUpLimitMs, whenSlow } from '../../messages/whenSlow';

/** An agent that is in a devbox, with the names of its folders there: one for each version. */
export interface RemovedAgent {
  readonly id: string;
  readonly name: string;
  readonly folders: readonly string[];
}

/**
 * Removes an agent from a devbox, after a question that names what goes. Nothing goes where a session of it runs there: that is said
 * before anything is asked, and looked at once more when it is removed.
 */
export async function removeAgent(
  installed: InstalledAgents,
  { id, name: given, folders }: RemovedAgent,
  { signedIn, devbox }: { readonly signedIn: SignedIn; readonly devbox: Devbox },
): Promise<void> {
  const name = escapeForEditor(oneLine(given, 40));
  const { running } = await whenSlow((signal) => installed.list(signal), { limitMs: lookUpLimitMs });
  mustStillBe(signedIn, devbox.id);
  if (running.has(id)) {
    const problem = agentsProblem('agent_removal_running', { name: oneLine(given, 40) });
    throw new RuntimeError({ problem, devboxId: devbox.id });
  }
  const where = devboxLabel(devbox);
  const names = folders.map((folder) => shownFolder(folder)).join('\n');
  const kept = l10n.t(
    'What it or its installer has written elsewhere in the devbox stays: settings, logins, the records of its sessions, and downloads in caches.',
  );
  const detail = `${l10n.t('These folders are deleted there:')}\n${names}\n\n${kept}`;
  if (!(await saysYes({ question: l10n.t('Remove {0} from {1}?', name, where), detail, yes: l10n.t('Remove') }))) {
    return;
  }
  mustStillBe(signedIn, devbox.id);
  const word = randomBytes(4).toString('hex');
  const isWhole = await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Removing {0} from {1}…', name, where) },
    () => installed.remove({ id, name: oneLine(given, 40) }, { folders, word }, signedIn.ended),
  );
  mustStillBe(signedIn, devbox.id);
  void window.showInformationMessage(
    isWhole
      ? l10n.t('{0} was removed from {1}.', name, where)
      : l10n.t(
          '{0} was removed from {1}, but not all of its files could be deleted. The rest is in {2}.',
          name,
          where,
          shownFolder(''),
        ),
  );
}
