import { NotedStart } from '../../start/notedStart';
import { findDevbox, findOwn } from './findDevbox';
import type { Devbox } from '../../platform/devbox';
import type { RunloopApi } from '../../platform/runloopApi';
import type { RuntimeConfig } from '../../options/runtimeConfig';
import { checkWorkspaceFolder } from '../../actionServer/transfer/workspaceFiles';
import { newSessionKey } from './bringUp';
import type { CallLimits } from './withinDeadline';
import { createBody } from './createBody';

export interface FindOrCreateContext {
  readonly api: RunloopApi;
  readonly config: RuntimeConfig;
  readonly call: CallLimits;
  readonly onPhase: (phase: 'looking' | 'creating') => void;
  /** Told of a start before it is sent: whatever comes of it, it is then completed or failed (D6). */
  readonly onStart: (start: NotedStart) => void;
  /** Told of a created devbox from the first moment. */
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
 * @throws RuntimeError `devbox_not_found`, `blueprint_missing`, `start_unknown`, `transfer` for a workspace that cannot be read, or what
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
  const sessionKey = newSessionKey();
  const start = await NotedStart.begin(api, config.sid, config.startNotes);
  context.onStart(start);
  const devbox = await start.create(createBody(config, sessionKey), call, context.onCreated);
  await config.sessionKeys?.set(devbox.id, sessionKey);
  return { devbox, sessionKey, isNew: true };
}
