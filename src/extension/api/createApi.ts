import { Disposable, extensions } from 'vscode';
import { RuntimeError } from '../../core/errors';
import type { Disposable as Disposes } from '../../core/events';
import { asObject, asString } from '../../core/parse';
import { oneLine } from '../../core/safeText';
import { extensionProblem } from '../messages/extensionProblems';
import { onFirstUse } from '../onFirstUse';
import type { ApiServices, Caller } from './apiCalls';
import type { RunloopDevboxesApi } from './runloopDevboxesApi';

/**
 * The API for other extensions. What its calls do is read with the first of them; its events come from the beginning.
 *
 * @param owned takes what the calls hold, to dispose it with the extension
 */
export function createApi(services: ApiServices, owned: Disposes[]): RunloopDevboxesApi {
  const { sessions, store } = services;
  const calls = onFirstUse(async () => {
    const { ApiCalls } = await import('./apiCalls');
    return new ApiCalls(services);
  }, owned);
  return {
    version: 1,
    list: async () => (await calls()).list(),
    start: async (options) => (await calls()).start(options),
    attach: async (devboxId) => (await calls()).attach(devboxId),
    run: async (devboxId, command, options) => (await calls()).run(undefined, devboxId, command, options),
    forExtension: (extensionId) => {
      const given = asString(extensionId) ?? '';
      const extension = given === '' ? undefined : extensions.getExtension(given);
      if (extension === undefined) {
        throw new RuntimeError({ problem: extensionProblem('extension_unknown', { id: oneLine(given, 60) }) });
      }
      const packageJson: unknown = extension.packageJSON;
      const name = asString(asObject(packageJson)?.['displayName']) ?? extension.id;
      const caller: Caller = { id: extension.id, name };
      return {
        run: async (devboxId, command, options) => (await calls()).run(caller, devboxId, command, options),
      };
    },
    onDidChangeDevboxes: (listener, thisArgument?: unknown) => {
      const subscription = store.onDidChange(() => void listener.call(thisArgument));
      return new Disposable(() => subscription.dispose());
    },
    onDidChangeSessions: sessions.onDidChange,
  };
}
