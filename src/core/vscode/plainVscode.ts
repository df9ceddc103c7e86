import { RuntimeError } from '../errors';
import { requestText } from '../http/httpRequest';
import { oneLine } from '../safeText';
import type { CallOptions } from '../platform/apiCalls';
import type { Devbox } from '../platform/devbox';
import { runCommand } from '../platform/runCommand';
import { asOwn } from '../platform/ownExecutions';
import type { RunloopApi } from '../platform/runloopApi';
import { tunnelAuthorizationHeader, tunnelOrigin } from '../platform/tunnel';
import { NotYet, retrying } from '../http/retry';
import { plainVscodeRule } from '../http/retryRules';
import {
  plainVscodeScript,
  vscodeHomeFile,
  vscodeLogFile,
  vscodeScriptFile,
  vscodeTokenFile,
} from './plainVscodeScript';
import { vscodePort } from '../actionServer/startupCommand';
import type { ForwardTarget } from '../forwarding/forwardTarget';
import type { VscodeEndpoint } from './vscodeAddress';
import { devboxProblem } from '../problems/devbox';
import type { Problem } from '../problems/problem';
import { redact } from '../redact';

export interface PlainVscodeOptions extends CallOptions {
  readonly tunnelAuthMode: 'open' | 'authenticated';
  readonly tunnelUrlTemplate: string | undefined;
}

export type PlainVscodePhase = 'looking' | 'downloading' | 'unpacking' | 'starting';

export interface StartPlainVscodeOptions extends PlainVscodeOptions {
  /**
   * Where an archive of code-server is fetched from if the devbox has no VS Code server, with `{arch}` in it. Without it
   * nothing is installed.
   */
  readonly installFrom?: string | undefined;
  /** @param bytes downloaded so far */
  readonly onPhase?: (phase: PlainVscodePhase, bytes: number) => void;
}

/** Milliseconds that the server may take for one answer. */
const answerMs = 5_000;
/** Where the user of Runloop's images lives, for a devbox that does not tell. */
const usualHome = '/home/user';

/**
 * The VS Code of a devbox without an action server, if it was started before and still answers. Starts nothing.
 *
 * @returns undefined if there is none
 */
export async function findPlainVscode(
  api: RunloopApi,
  devbox: Devbox,
  options: PlainVscodeOptions,
): Promise<VscodeEndpoint | undefined> {
  if (devbox.status !== 'running' || devbox.tunnel === undefined) return undefined;
  const token = await readToken(api, devbox.id, options);
  if (token === undefined) return undefined;
  const endpoint = endpointOf(api, devbox, { ...options, token, folder: await readHome(api, devbox.id, options) });
  return (await answers(endpoint, options.signal)) ? endpoint : undefined;
}

/**
 * Starts a VS Code server in a devbox without an action server: the one that is there, else one that is installed if
 * `installFrom` says so. Its token is made in the devbox and lies in a file that only the devbox's user reads.
 *
 * @returns undefined if the devbox has no VS Code server and none was to be installed
 * @throws RuntimeError that tells why it did not start
 */
export async function startPlainVscode(
  api: RunloopApi,
  devbox: Devbox,
  options: StartPlainVscodeOptions,
): Promise<VscodeEndpoint | undefined> {
  const { signal } = options;
  options.onPhase?.('looking', 0);
  // A file, so that the devbox's log shows one short line, and whoever wants to can read what ran.
  await api.files.write(devbox.id, vscodeScriptFile, plainVscodeScript(options.installFrom, devbox.id), options);
  const { exitStatus, stdout, stderr } = await runCommand(api, devbox.id, asOwn(`sh "$HOME"/${vscodeScriptFile}`), {
    signal,
    onOutput: (line) => {
      const [, word, bytes] = /^(downloading|unpacking|starting)(?: (\d+))?$/.exec(line) ?? [];
      if (word === 'downloading' || word === 'unpacking' || word === 'starting') {
        options.onPhase?.(word, Number(bytes ?? 0));
      }
    },
  });
  const said = stdout.trim().split('\n').at(-1) ?? '';
  if (said === 'missing') return undefined;
  const home = /^(?:running|started) (\/.*)$/.exec(said)?.[1];
  if (exitStatus !== 0 || home === undefined) {
    throw failed(
      devbox,
      devboxProblem('vscode_not_started', { said: oneLine(redact(stderr.trim() === '' ? said : stderr), 300) }),
    );
  }
  options.onPhase?.('starting', 0);
  const tunnel = await api.tunnels.ensure(devbox, options.tunnelAuthMode, options);
  const token = await readToken(api, devbox.id, options);
  if (token === undefined) throw failed(devbox, devboxProblem('vscode_no_token'));
  const endpoint = endpointOf(api, { ...devbox, tunnel }, { ...options, token, folder: home });
  try {
    await retrying(
      async () => {
        if (!(await answers(endpoint, signal))) throw new NotYet('the VS Code server does not answer yet');
      },
      { rule: plainVscodeRule, signal },
    );
  } catch (error) {
    if (!(error instanceof NotYet)) throw error;
    throw failed(devbox, devboxProblem('vscode_silent', { said: await outputTail(api, devbox.id, options) }));
  }
  return endpoint;
}

/** True if the VS Code server answers. */
export async function answers(endpoint: VscodeEndpoint, signal: AbortSignal | undefined): Promise<boolean> {
  const headers =
    endpoint.tunnelToken === undefined ? {} : { [tunnelAuthorizationHeader]: `Bearer ${endpoint.tunnelToken}` };
  try {
    const { status } = await requestText(new URL('/version', endpoint.origin), {
      headers,
      timeoutMs: answerMs,
      signal,
    });
    return status === 200;
  } catch (error) {
    if (RuntimeError.is(error, 'cancelled') || !RuntimeError.is(error)) throw error;
    return false;
  }
}

/** Where the VS Code of a plain devbox is reached, if it has one; undefined without a tunnel. */
export function plainVscodeTarget(
  api: RunloopApi,
  { status, tunnel }: Devbox,
  template: string | undefined,
): ForwardTarget | undefined {
  if (status !== 'running' || tunnel === undefined) return undefined;
  const origin = tunnelOrigin({ port: vscodePort, key: tunnel.key, apiBaseUrl: api.baseUrl, template });
  return { origin, tunnelToken: tunnel.authToken };
}

function endpointOf(
  api: RunloopApi,
  devbox: Devbox,
  { tunnelUrlTemplate, token, folder }: PlainVscodeOptions & { readonly token: string; readonly folder: string },
): VscodeEndpoint {
  const target = plainVscodeTarget(api, devbox, tunnelUrlTemplate);
  if (target === undefined) throw failed(devbox, devboxProblem('tunnel_gone'));
  return { devboxId: devbox.id, ...target, token, folder };
}

async function readToken(api: RunloopApi, devboxId: string, call: CallOptions): Promise<string | undefined> {
  const token = (await readIfThere(api, devboxId, vscodeTokenFile, call))?.trim();
  return token !== undefined && /^[0-9a-f]{48}$/.test(token) ? token : undefined;
}

/** The home of the devbox's user, who may be root; the usual one if the devbox gives no path. */
async function readHome(api: RunloopApi, devboxId: string, call: CallOptions): Promise<string> {
  const home = (await readIfThere(api, devboxId, vscodeHomeFile, call))?.trim();
  return home !== undefined && /^\/[^\p{Cc}]{0,400}$/u.test(home) ? home : usualHome;
}

async function readIfThere(
  api: RunloopApi,
  devboxId: string,
  file: string,
  call: CallOptions,
): Promise<string | undefined> {
  try {
    return await api.files.read(devboxId, file, call);
  } catch (error) {
    if (RuntimeError.is(error) && (error.status === 404 || error.status === 400)) return undefined;
    throw error;
  }
}

async function outputTail(api: RunloopApi, devboxId: string, call: CallOptions): Promise<string> {
  try {
    return oneLine((await api.files.read(devboxId, vscodeLogFile, call)).slice(-300), 300);
  } catch (error) {
    if (RuntimeError.is(error)) return '';
    throw error;
  }
}

function failed(devbox: Devbox, problem: Problem): RuntimeError {
  return new RuntimeError({ problem, devboxId: devbox.id });
}
