import { randomUUID } from 'node:crypto';
import { createDevboxSafely } from '../../start/createDevbox';
import { findDevbox, findOwn } from './findDevbox';
import type { Devbox } from '../../platform/devbox';
import type { RunloopApi } from '../../platform/runloopApi';
import type { RuntimeConfig } from '../../options/runtimeConfig';
import { checkWorkspaceFolder } from '../../actionServer/transfer/workspaceFiles';
import { newSessionKey } from './bringUp';
import type { BoundedCall } from './withinDeadline';
import { createBody, requestKey } from './createBody';

export interface FindOrCreateContext {
  readonly api: RunloopApi;
  readonly config: RuntimeConfig;
  readonly call: BoundedCall;
  readonly onPhase: (phase: 'looking' | 'creating') => void;
  /** Told of a created devbox from the first moment, so that whatever fails next can be cleaned up (D6). */
  readonly onCreated: (devbox: Devbox) => void;
}

export interface FoundOrCreated {
  readonly devbox: Devbox;
  /** The key that a new devbox was given; that of a found one is not known yet. */
  readonly sessionKey: string | undefined;
  readonly isNew: boolean;
}

/**
 * The devbox that a runtime works in: the one that its options name, its session's own from an earlier time, or a new
 * one. Attaching never creates (D5), and a resumed session finds its own again (D20).
 *
 * @throws RuntimeError `devbox_not_found`, `blueprint_missing`, `transfer` for a workspace that cannot be read, or what
 *   the API said
 */
export async function findOrCreate(context: FindOrCreateContext): Promise<FoundOrCreated> {
  const { api, config, call } = context;
  if (config.attachToExisting || config.reuseExisting) {
    context.onPhase('looking');
    const found = config.attachToExisting ? await findDevbox(api, config, call) : await findOwn(api, config.sid, call);
    if (found !== undefined) return { devbox: found, sessionKey: undefined, isNew: false };
  }
  if (config.workspaceBase !== undefined) await checkWorkspaceFolder(config.workspaceBase);
  context.onPhase('creating');
  const requestId = randomUUID();
  const sessionKey = newSessionKey();
  const { onCreated } = context;
  const options = { ...call, requestId, requestKey, onCreated };
  const devbox = await createDevboxSafely(api, createBody(config, sessionKey, requestId), options);
  await config.sessionKeys?.set(devbox.id, sessionKey);
  return { devbox, sessionKey, isNew: true };
}
