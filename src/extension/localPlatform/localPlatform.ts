import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Secrets } from '../account/limitedSecrets';
import { cancelled, RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import type { Log } from '../messages/log';
import { findDevboxVscode, type DevboxVscode } from './devboxVscode';
import {
  claimStart,
  exchangeKeyName,
  joinWindow,
  leaveWindow,
  processStart,
  readRunning,
  releaseStart,
  type RunningPlatform,
} from './keeperState';
import { startKeeper } from './startKeeper';
import { extensionProblem } from '../messages/extensionProblems';
import { oneLine } from '../../core/safeText';
import type { Problem } from '../../core/problems/problem';
import { redact } from '../../core/redact';

/** How to speak with the local platform. */
export interface LocalAccount {
  readonly baseUrl: string;
  /** Secret. */
  readonly apiKey: string;
}

export interface LocalPlatformOptions {
  /** The extension's own folder, which has the platform's bundles. */
  readonly extensionFolder: string;
  /** Folder for the platform's data and the small files of keeperState.ts. */
  readonly folder: string;
  readonly secrets: Secrets;
  readonly log: Log;
  /** The running editor's own folder. */
  readonly appRoot: string;
  /** A VS Code server for the devboxes that the user has named. */
  readonly namedVscode: () => { readonly server: string | undefined; readonly node: string | undefined };
}

/** Before the name that a platform's key has in the secret storage; each platform has a key of its own. */
const keyPrefix = 'runloop.localPlatformKey:';
/** Milliseconds until a platform must be ready. */
const startLimitMs = 60_000;
/** Milliseconds until a platform must have ended; it shuts its devboxes down first. */
const stopLimitMs = 30_000;

/**
 * The local platform of this computer: one for all windows. It is started by the first window that wants it, joined by
 * others, and ends when no window uses it and no devbox is left; see keeper.ts.
 */
export class LocalPlatform implements Disposable {
  readonly #options: LocalPlatformOptions;
  #starting: Promise<LocalAccount> | undefined;

  constructor(options: LocalPlatformOptions) {
    this.#options = options;
  }

  /**
   * The platform that runs already, for this window to use; undefined if none does. No network.
   *
   * @throws RuntimeError if one runs that this window cannot join
   */
  async join(): Promise<LocalAccount | undefined> {
    const running = await readRunning(this.#options.folder);
    if (running === undefined) return undefined;
    const apiKey = await this.#options.secrets.get(running.keyName);
    if (apiKey === undefined) {
      // An editor in a browser learns of what another of its windows stored when it is loaded.
      throw new RuntimeError({ problem: extensionProblem('local_platform_elsewhere', { pid: running.pid }) });
    }
    await joinWindow(this.#options.folder, process.pid);
    return { baseUrl: running.baseUrl, apiKey };
  }

  /**
   * Joins the platform that runs, or starts one.
   *
   * @throws RuntimeError `invalid_option` on systems that cannot run it, `no_action_server` when it does not start (its
   *   own words in the message), `cancelled`
   */
  async start(signal: AbortSignal): Promise<LocalAccount> {
    if (process.platform !== 'linux') {
      throw new RuntimeError({
        problem: extensionProblem('local_platform_needs_linux', { platform: process.platform }),
      });
    }
    this.#starting ??= this.#joinOrStart(signal).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** This window does not use the platform any more. Its devboxes go on; without any it ends soon. */
  async leave(): Promise<void> {
    await leaveWindow(this.#options.folder, process.pid);
  }

  /**
   * Ends the platform with all its devboxes, for all windows.
   *
   * @throws RuntimeError `deadline` if it does not end
   */
  async stop(): Promise<void> {
    await this.leave();
    const running = await readRunning(this.#options.folder);
    if (running === undefined) return;
    process.kill(running.pid, 'SIGTERM');
    const end = Date.now() + stopLimitMs;
    while ((await processStart(running.pid)) === running.started) {
      if (Date.now() > end) {
        throw new RuntimeError({
          problem: extensionProblem('local_platform_not_ended', { pid: running.pid, seconds: stopLimitMs / 1000 }),
        });
      }
      await sleep(100);
    }
    await this.#options.secrets.delete(running.keyName);
  }

  /** The VS Code server that devboxes of a platform started now would get. */
  async devboxVscode(): Promise<DevboxVscode | undefined> {
    const { appRoot, namedVscode } = this.#options;
    return findDevboxVscode({
      named: namedVscode(),
      appRoot,
      ownNode: process.versions['electron'] === undefined ? process.execPath : undefined,
      path: process.env['PATH'] ?? '',
      home: homedir(),
    });
  }

  /** The keeper notices by itself that a window is gone. */
  dispose(): void {
    this.#starting?.catch(() => undefined);
  }

  async #joinOrStart(signal: AbortSignal): Promise<LocalAccount> {
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const end = Date.now() + startLimitMs;
    for (;;) {
      const known = await this.join();
      if (known !== undefined) return known;
      if (signal.aborted) throw cancelled();
      if (await claimStart(folder, process.pid)) {
        try {
          // Another window may have become ready since.
          return (await this.join()) ?? (await this.#start(signal));
        } finally {
          await releaseStart(folder);
        }
      }
      // Another window starts one at this moment.
      if (Date.now() > end) throw notStarted(extensionProblem('local_platform_late', { seconds: startLimitMs / 1000 }));
      await sleep(200);
    }
  }

  async #start(signal: AbortSignal): Promise<LocalAccount> {
    const { folder, secrets, log } = this.#options;
    const vscode = await this.devboxVscode();
    const apiKey = `ak_local_${randomBytes(24).toString('base64url')}`;
    const keyName = `${keyPrefix}${randomUUID()}`;
    const earlier = await exchangeKeyName(folder, keyName);
    if (earlier !== undefined) await secrets.delete(earlier);
    // Before the platform tells its address: a window that sees the address must find the key.
    await secrets.store(keyName, apiKey);
    await joinWindow(folder, process.pid);
    try {
      const { pid, baseUrl } = await this.#startKeeper({ apiKey, keyName }, vscode, signal);
      log.info(
        `The local platform runs at ${baseUrl} (keeper ${pid}, ${vscode === undefined ? 'no VS Code server' : `VS Code from ${vscode.server}`}).`,
      );
      return { baseUrl, apiKey };
    } catch (error) {
      await secrets.delete(keyName);
      await leaveWindow(folder, process.pid);
      throw error;
    }
  }

  async #startKeeper(
    key: { readonly apiKey: string; readonly keyName: string },
    vscode: DevboxVscode | undefined,
    signal: AbortSignal,
  ): Promise<RunningPlatform> {
    const { extensionFolder, folder } = this.#options;
    const args = [
      join(extensionFolder, 'dist', 'localKeeper.mjs'),
      join(extensionFolder, 'dist', 'local.mjs'),
      folder,
      key.keyName,
      ...['--data-dir', join(folder, 'data')],
      ...(vscode === undefined ? [] : ['--vscode-server', vscode.server, '--vscode-node', vscode.node]),
    ];
    const start = await startKeeper(process.execPath, args, {
      cwd: folder,
      env: keeperEnvironment(key.apiKey),
      signal,
      limitMs: startLimitMs,
    });
    switch (start.kind) {
      case 'cancelled':
        throw cancelled();
      case 'late':
        throw notStarted(extensionProblem('local_platform_late', { seconds: startLimitMs / 1000 }));
      case 'failed':
        throw notStarted(extensionProblem('local_platform_failed', { why: oneLine(redact(start.why), 300) }));
      case 'ready': {
        const running = await readRunning(folder);
        if (running === undefined) throw notStarted(extensionProblem('local_platform_ended_at_once'));
        return running;
      }
    }
  }
}

function notStarted(problem: Problem): RuntimeError {
  return new RuntimeError({ problem });
}

/** What the keeper and the platform need of this process's environment. Nothing of the user's accounts is in it. */
function keeperEnvironment(apiKey: string): Record<string, string> {
  const passed = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR', 'LD_LIBRARY_PATH'];
  const environment: Record<string, string> = { RUNLOOP_LOCAL_API_KEY: apiKey };
  for (const name of passed) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  if (process.versions['electron'] !== undefined) environment['ELECTRON_RUN_AS_NODE'] = '1';
  return environment;
}
