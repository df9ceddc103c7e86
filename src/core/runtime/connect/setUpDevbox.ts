import { quoteIfNeeded } from '../../../ground/shellWords';
import { setGitIdentity } from '../../actionServer/environment/gitIdentity';
import { setupEnvironment } from '../../actionServer/environment/setupEnvironment';
import { messageOf, RuntimeError } from '../../errors';
import type { RuntimeConfig } from '../../options/runtimeConfig';
import type { RuntimeEvent } from '../runtimeStatus';
import { uploadWorkspace } from '../../actionServer/transfer/uploadWorkspace';
import type { Connection } from './bringUp';

export interface SetUpOptions {
  readonly config: RuntimeConfig;
  readonly isNew: boolean;
  readonly signal: AbortSignal;
  readonly fire: (event: RuntimeEvent) => void;
}

/** What a devbox of this session gets once its server answers: variables and git identity, and a new one its files. */
export async function setUpDevbox({ client, devbox }: Connection, options: SetUpOptions): Promise<void> {
  const { config, signal, fire } = options;
  const jupyter = config.plugins.includes('jupyter');
  await setupEnvironment(client, { variables: config.environment, jupyter, signal });
  // Not waited for: it is the first in the queue of actions, so that every other action finds it done.
  setGitIdentity(client, { name: config.gitUserName, email: config.gitUserEmail }).then(
    (done) => {
      if (!done) fire({ type: 'note', message: 'Git did not take the identity: is it in this devbox?' });
    },
    (error: unknown) => {
      if (!RuntimeError.is(error, 'closed')) {
        fire({ type: 'note', message: `Git's identity is not set: ${messageOf(error)}` });
      }
    },
  );
  if (!options.isNew) return;
  if (config.workspaceBase !== undefined) {
    fire({ type: 'status', status: 'STATUS$SETTING_UP_WORKSPACE' });
    fire({ type: 'phase', phase: 'settingUp', devbox });
    const { files, withheld } = await uploadWorkspace(client, {
      folder: config.workspaceBase,
      destination: config.workspacePath,
      confirmSecrets: config.confirmSecrets,
      onProgress: (sent, count) => fire({ type: 'upload', sent, files: count }),
      onLeftOut: (paths) => fire({ type: 'leftOut', paths }),
      signal,
    });
    fire({ type: 'upload', sent: -1, files });
    if (withheld.length > 0) {
      fire({ type: 'note', message: `${withheld.length} files that look like secrets were not uploaded.` });
    }
  }
  if (config.initGitInEmptyWorkspace && (await client.listFiles(undefined, signal)).length === 0) {
    const command = `git init -q -- ${quoteIfNeeded(config.workspacePath)}`;
    const { exitCode } = await client.run(command, { blocking: true, isStatic: true, timeoutSeconds: 60, signal });
    if (exitCode !== 0) fire({ type: 'note', message: 'No git repository was made in the workspace.' });
  }
}
