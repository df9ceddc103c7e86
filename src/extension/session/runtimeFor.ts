import type { Disposable } from '../../core/events';
import type { SignedIn } from '../account/account';
import { readSettings } from '../account/settings';
import type { Services } from '../services';
import { rememberSetValues } from './knownSecrets';
import { RunloopRuntime } from '../../core/runtime/runloopRuntime';
import type { RunloopRuntimeOptions } from '../../core/options/runtimeOptions';

/**
 * A runtime with the window's account and settings, whose devbox is followed from its first moment by the tree and
 * the output channel.
 *
 * @throws RuntimeError for settings that cannot work
 */
export function runtimeFor(
  services: Services,
  account: SignedIn,
  target: Pick<
    RunloopRuntimeOptions,
    'sid' | 'attachToExisting' | 'devboxId' | 'reuseExisting' | 'choices' | 'confirmSecrets'
  >,
): RunloopRuntime {
  const settings = readSettings();
  const runtime = new RunloopRuntime({
    apiKey: account.apiKey,
    baseUrl: account.baseUrl,
    blueprintName: settings.blueprint,
    resourceSize: settings.size,
    keepAliveTimeSeconds: settings.lifetimeSeconds,
    tunnelAuthMode: settings.tunnelAuthMode,
    tunnelUrlTemplate: settings.tunnelUrlTemplate,
    workspaceMountPathInSandbox: settings.workspacePath,
    sessionKeys: services.sessionKeys,
    workspaceBase: target.choices?.folder,
    ...target,
  });
  // While it connects, its long poll tells the store of every change.
  let following: Disposable | undefined;
  runtime.onEvent((event) => {
    if (event.type === 'phase' && event.devbox !== undefined) following ??= services.store.follow(event.devbox.id);
    if (
      event.type === 'status' &&
      event.status !== 'STATUS$STARTING_RUNTIME' &&
      event.status !== 'STATUS$RUNTIME_STARTED'
    ) {
      following?.dispose();
    }
    if (event.type === 'phase' && event.devbox !== undefined) {
      // Before its first line is shown.
      rememberSetValues(services, event.devbox.id, target.choices);
      services.store.update(event.devbox);
      services.output.follow(account.api, event.devbox);
    }
    if (event.type === 'status' && event.status === 'STATUS$ERROR') {
      if (runtime.devbox !== undefined && event.error?.code !== 'cancelled') {
        services.tree.noteError(runtime.devbox.id, event.error?.message);
      }
      services.log.info(`A runtime failed (${event.error?.code ?? 'unknown'}).`);
      // What a failed start created is gone by now.
      if (runtime.createdHere && runtime.devbox !== undefined) services.store.remove(runtime.devbox.id);
    }
  });
  return runtime;
}
