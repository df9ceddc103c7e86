import { deadline } from '../../ground/deadline';
import { endedBy, isAborted, RuntimeError, isTransient } from '../errors';
import type { Devbox } from '../platform/devbox';
import type { CallOptions } from '../platform/apiCalls';
import type { CreateDevboxBody } from '../platform/createDevboxBody';
import type { RunloopApi } from '../platform/runloopApi';

export interface SafeCreateOptions extends CallOptions {
  readonly signal: AbortSignal;
  readonly requestId: string;
  /** Metadata key under which the request id is found again. */
  readonly requestKey: string;
  readonly onCreated: (devbox: Devbox) => void;
}

/** Milliseconds that a create may go on after it was cancelled, to learn what must be removed. */
const settleMs = 45_000;

/**
 * Creates a devbox so that none is ever lost from sight.
 *
 * Cancelling does not cut the request, as the devbox would be there all the same, with nobody knowing its id: the
 * answer is awaited and the devbox reported by `onCreated` before the cancellation is thrown. A create whose answer
 * was lost is looked up by its request id instead of being forgotten.
 *
 * @throws RuntimeError `cancelled`, `blueprint_missing`, or what the API said.
 */
export async function createDevboxSafely(
  api: RunloopApi,
  body: CreateDevboxBody,
  options: SafeCreateOptions,
): Promise<Devbox> {
  if (isAborted(options.signal)) throw endedBy(options.signal);
  // Its own signal: only the time after a cancellation is limited.
  const settle = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => settle.abort(), settleMs);
  };
  options.signal.addEventListener('abort', onAbort, { once: true });
  try {
    const devbox = await createOrFind(api, body, { ...options, signal: settle.signal });
    options.onCreated(devbox);
    if (isAborted(options.signal)) throw endedBy(options.signal, devbox.id);
    return devbox;
  } finally {
    options.signal.removeEventListener('abort', onAbort);
    clearTimeout(timer);
  }
}

async function createOrFind(api: RunloopApi, body: CreateDevboxBody, options: SafeCreateOptions): Promise<Devbox> {
  try {
    return await api.createDevbox(body, options);
  } catch (error) {
    const failure = RuntimeError.is(error) ? error : undefined;
    if (failure !== undefined && (isTransient(failure) || failure.code === 'cancelled')) {
      const found = await findByRequest(api, options);
      if (found !== undefined) return found;
    }
    if (
      failure?.status !== undefined &&
      failure.status >= 400 &&
      failure.status < 500 &&
      body.blueprint_name !== undefined
    ) {
      await explainBlueprint(api, body.blueprint_name, failure);
    }
    throw error;
  }
}

/** A devbox whose create took effect although no answer came. Refused keys and bad networks end in undefined. */
async function findByRequest(api: RunloopApi, options: SafeCreateOptions): Promise<Devbox | undefined> {
  try {
    for (const status of ['provisioning', 'initializing', 'running', 'queued']) {
      for await (const devbox of api.list({ status }, { signal: deadline(settleMs) })) {
        if (devbox.metadata[options.requestKey] === options.requestId) return devbox;
      }
    }
  } catch (error) {
    if (!RuntimeError.is(error)) throw error;
  }
  return undefined;
}

/** @throws RuntimeError `blueprint_missing` if the refusal is explained by a blueprint that is not there (D24). */
async function explainBlueprint(api: RunloopApi, name: string, refusal: RuntimeError): Promise<void> {
  if (refusal.status === 401 || refusal.status === 403 || refusal.status === 429) return;
  const builds = await api.blueprintsNamed(name).catch(() => undefined);
  if (builds === undefined || builds.some((build) => build.status === 'build_complete')) return;
  throw new RuntimeError({
    code: 'blueprint_missing',
    message:
      builds.length === 0
        ? `This account has no blueprint named "${name}".`
        : `The blueprint "${name}" has no finished build.`,
    nextStep: 'Build a blueprint of that name from an OpenHands runtime image, or name another one in the settings.',
    status: refusal.status,
    cause: refusal,
  });
}
