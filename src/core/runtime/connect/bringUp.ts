import { randomBytes } from 'node:crypto';
import { ActionExecutionClient, type ClientOptions } from '../../actionServer/actionExecutionClient';
import { RuntimeError } from '../../errors';
import { hasEnded, type Devbox, type Tunnel, containerNameKey } from '../../platform/devbox';
import { asStarted } from './startedWorkspace';
import type { CallLimits } from './withinDeadline';
import type { RunloopApi } from '../../platform/runloopApi';
import { tunnelOrigin } from '../../platform/tunnel';
import type { RuntimeConfig } from '../../options/runtimeConfig';
import type { ConnectPhase } from '../runtimeStatus';
import { actionServerPort, restartCommand, sessionKeyFile } from '../../actionServer/startupCommand';
import { endedError, waitUntilAlive, waitUntilRunning, waitWhile } from '../../start/waitForDevbox';
import { devboxProblem } from '../../problems/devbox';
import { phrase } from '../../problems/phrases';

/** A devbox that runs, and its action server, which answers. */
export interface Connection {
  readonly devbox: Devbox;
  readonly tunnel: Tunnel;
  readonly client: ActionExecutionClient;
}

export interface BringUpContext {
  readonly api: RunloopApi;
  readonly config: RuntimeConfig;
  readonly call: CallLimits;
  /** Whether a suspended devbox is resumed, which costs money. */
  readonly resumeSuspended: boolean;
  /** Whether nobody asks for it just now, so that nothing may count as use of the devbox, and nothing is started in it. */
  readonly isUnasked: boolean;
  readonly client: Pick<ClientOptions, 'events' | 'onLost' | 'during'>;
  readonly onPhase: (phase: ConnectPhase, devbox: Devbox) => void;
  readonly onStarted: () => void;
}

/** Milliseconds that a server gets which should be there, before it is started again. */
const presentServerMs = 4_000;
/** Milliseconds for the server of a devbox that is not known to have one. */
const foreignServerMs = 15_000;

/**
 * Brings a devbox from whatever state to a server that answers: a suspended one is resumed, one that boots is waited
 * for, and a server that did not survive is started again (D19).
 *
 * @param sessionKey the key given to the server at creation; else the known one is used, or the one in the devbox
 * @throws RuntimeError `devbox_suspended` for one that is not to be resumed, `devbox_ended` for one that cannot be brought up, and what each step can end with
 */
export async function bringUp(
  context: BringUpContext,
  found: Devbox,
  options: { readonly sessionKey?: string | undefined; readonly isNew: boolean },
): Promise<Connection> {
  const { api, call } = context;
  const config = asStarted(context.config, found);
  if (hasEnded(found.status)) {
    throw await endedError(api, found, { during: phrase('before this runtime attached to it'), signal: call.signal });
  }
  const { devbox, wasSuspended } = await running(context, found);
  context.onStarted();
  context.onPhase('startingServer', devbox);
  const tunnel = await api.tunnels.ensure(devbox, config.tunnelAuthMode, call);
  const sessionKey = options.sessionKey ?? (await knownSessionKey(context, devbox));
  const client = new ActionExecutionClient(
    {
      url: tunnelOrigin({
        port: actionServerPort,
        key: tunnel.key,
        apiBaseUrl: api.baseUrl,
        template: config.tunnelUrlTemplate,
      }),
      sessionKey,
      tunnelToken: tunnel.authToken,
      devboxId: devbox.id,
    },
    {
      ...context.client,
      timeoutSeconds: config.actionTimeoutSeconds,
      mcp: config.mcp,
      sid: config.sid,
      onWait: call.onWait,
    },
  );
  // Through a tunnel whose requests count as use, its server is asked when somebody wants something of it.
  if (!context.isUnasked || !tunnel.httpKeepAlive) {
    const isRouted = devbox.tunnel !== undefined;
    await serverAnswers({ ...context, config }, client, devbox, { isNew: options.isNew, wasSuspended, isRouted });
    // `/alive` asks for no key; this tells now whether ours is the right one. A new devbox has it from us.
    if (!options.isNew) await client.listFiles(undefined, call.signal);
  }
  return { devbox, tunnel, client };
}

async function running(context: BringUpContext, found: Devbox): Promise<{ devbox: Devbox; wasSuspended: boolean }> {
  const { api, call } = context;
  let devbox = found;
  const isAsleep = (): boolean => devbox.status === 'suspending' || devbox.status === 'suspended';
  if (isAsleep() && !context.resumeSuspended) throw suspended(devbox.id);
  while (devbox.status === 'suspending') {
    context.onPhase('resuming', devbox);
    devbox = await waitWhile(api, devbox, call);
  }
  const wasSuspended = devbox.status === 'suspended' || devbox.status === 'resuming';
  if (devbox.status === 'suspended') {
    context.onPhase('resuming', devbox);
    const resumed = await api.devboxes.resume(devbox.id, call);
    // Some answers come before the status has changed; waiting must not take that for its end.
    devbox = resumed.status === 'suspended' ? { ...resumed, status: 'resuming' } : resumed;
  }
  context.onPhase('provisioning', devbox);
  devbox = await waitUntilRunning(api, devbox, {
    ...call,
    onStatus: (changed) => context.onPhase('provisioning', changed),
  });
  return { devbox, wasSuspended };
}

async function serverAnswers(
  context: BringUpContext,
  client: ActionExecutionClient,
  devbox: Devbox,
  kind: { readonly isNew: boolean; readonly wasSuspended: boolean; readonly isRouted: boolean },
): Promise<void> {
  const { api, config, call } = context;
  if (kind.isNew) return waitUntilAlive(api, client, devbox, call);
  const isOurs = devbox.metadata[containerNameKey] !== undefined;
  // A devbox that we did not start may not have a server at all; one that runs answers soon.
  if (!isOurs) {
    return waitUntilAlive(api, client, devbox, { ...call, boundMs: foreignServerMs, mayBeAbsent: kind });
  }
  try {
    await waitUntilAlive(api, client, devbox, { ...call, boundMs: presentServerMs });
  } catch (error) {
    if (!RuntimeError.is(error, 'no_action_server') || context.isUnasked) throw error;
    // It may have ended with a suspend or by itself. The command does nothing while the first start still runs.
    const started = await api.executions.start(devbox.id, restartCommand(config), call).catch((failure: unknown) => {
      if (RuntimeError.is(failure) && (failure.status === 501 || failure.status === 404)) return undefined;
      throw failure;
    });
    if (started === undefined && kind.wasSuspended) throw error;
    await waitUntilAlive(api, client, devbox, call);
  }
}

/** The session key from an earlier start, else from the devbox itself; undefined if its server asks for none. */
async function knownSessionKey(context: BringUpContext, devbox: Devbox): Promise<string | undefined> {
  const { api, config, call } = context;
  const stored = await config.sessionKeys?.get(devbox.id);
  if (stored !== undefined) return stored;
  try {
    const key = (await api.files.read(devbox.id, sessionKeyFile, call)).trim();
    if (key === '') return undefined;
    await config.sessionKeys?.set(devbox.id, key);
    return key;
  } catch (error) {
    // Without the file the server was started by somebody else, as upstream does it: without a key.
    if (RuntimeError.is(error) && (error.status === 404 || error.status === 400)) return undefined;
    throw error;
  }
}

function suspended(devboxId: string): RuntimeError {
  return new RuntimeError({ problem: devboxProblem('suspended', { devbox: devboxId }), devboxId });
}

/** A new session key: 256 random bits. */
export function newSessionKey(): string {
  return randomBytes(32).toString('hex');
}
