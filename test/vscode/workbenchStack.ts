import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cleanEnvironment } from './cleanEnvironment';
import { CloseStack } from './closeStack';
import { FrontProxy } from './frontProxy';
import type { VscodeInstall } from './install';
import { linkExtension } from './installedExtension';
import { type PlatformAccount, PlatformProcess } from '../platform/platformProcess';
import { projectRoot } from './projectPaths';
import { WorkbenchServer } from './workbenchServer';

/** How a {@link WorkbenchStack} is started. */
export interface WorkbenchStackOptions {
  readonly install: VscodeInstall;
  /** All state lives below it: settings, extensions, secrets' key, the platform's data, logs. */
  readonly stateDir: string;
  /** Port of the address that is given to the user; 0 takes any free one. */
  readonly port: number;
  /** The account to use; without one a local platform is started. */
  readonly account?: PlatformAccount | { readonly apiKey: string; readonly baseUrl: undefined };
  /** True starts the local platform as one that lives for a test or two. */
  readonly shortLived?: boolean;
  /** True tells the extension that the platform started here is a local one, where nothing costs. */
  readonly tellsLocal?: boolean;
  /** False gives the extension no key and no address at all, as for somebody who has just installed it. */
  readonly signedIn?: boolean;
  /** Folder of the extension to install; this project without it, and no such extension at all if it is undefined. */
  readonly extension?: string | undefined;
  /** Folders of further extensions to install. */
  readonly extraExtensions?: readonly string[];
  /** Settings to start with; they are written only if there are none yet. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Further environment variables of VS Code. */
  readonly env?: Readonly<Record<string, string>>;
  /** True lets VS Code ask whether a folder is to be trusted. */
  readonly workspaceTrust?: boolean;
  readonly signal: AbortSignal;
}

const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'extensions.ignoreRecommendations': true,
  // The folder that is shown lies inside this project's, about which the editor would ask.
  'git.openRepositoryInParentFolders': 'never',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
};

const readme = `A folder to try Runloop Devboxes in.

Open the Runloop view in the activity bar, or press F1 and run "Runloop: Start Devbox".
`;

/**
 * Everything a person needs to use the extension in a browser: a platform, a VS Code with the extension installed, and
 * the front proxy at whose address its page is.
 */
export interface WorkbenchStack {
  /** The local platform, unless an account was given. */
  readonly platform: PlatformProcess | undefined;
  readonly server: WorkbenchServer;
  /** Origin of the page, `http://127.0.0.1:<port>`. */
  readonly origin: string;
  /** The address to open in a browser. */
  readonly address: string;
  /** The folder that the page shows. */
  readonly folder: string;
  /** Where VS Code writes its own log files. */
  readonly logsDir: string;
  /** Where what the platform and the VS Code server print is kept. */
  readonly ownLogsDir: string;
  /** Stops everything in the reverse order and waits for it. */
  dispose(): Promise<void>;
}

/**
 * Starts all of it.
 * @throws PortInUse before anything else is started, and whatever one of the parts throws; what was started before is
 *   then stopped
 */
export async function startWorkbenchStack(options: WorkbenchStackOptions): Promise<WorkbenchStack> {
  const closing = new CloseStack();
  try {
    return await startParts(options, closing);
  } catch (error) {
    await closing.close();
    throw error;
  }
}

async function startParts(options: WorkbenchStackOptions, closing: CloseStack): Promise<WorkbenchStack> {
  const { stateDir, install, signal } = options;
  signal.throwIfAborted();
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const proxy = await FrontProxy.start({ port: options.port, keyFile: join(stateDir, 'secrets-key') });
  closing.add(() => proxy.dispose());

  const serverDataDir = join(stateDir, 'vscode');
  const ownLogsDir = join(stateDir, 'logs');
  const folder = await prepareFolders(options, serverDataDir);
  let platform: PlatformProcess | undefined;
  if (options.account === undefined) {
    const started = await PlatformProcess.start([], {
      apiKey: await localKey(join(stateDir, 'platform-key')),
      dataDir: join(stateDir, 'platform'),
      keepData: true,
      vscode: install,
      logFile: join(ownLogsDir, 'platform.log'),
      longLived: options.shortLived !== true,
      signal,
    });
    closing.add(async () => void (await started.stop()));
    platform = started;
  }
  const account = (options.signedIn ?? true) ? (options.account ?? platform) : undefined;
  const server = await WorkbenchServer.start({
    install,
    serverDataDir,
    env: cleanEnvironment({
      ...options.env,
      RUNLOOP_API_KEY: account?.apiKey,
      RUNLOOP_BASE_URL: account?.baseUrl,
      RUNLOOP_LOCAL_PLATFORM: options.tellsLocal === true ? platform?.baseUrl : undefined,
    }),
    smokeTestDriver: false,
    workspaceTrust: options.workspaceTrust ?? false,
    logFile: join(ownLogsDir, 'vscode-server.log'),
    signal,
  });
  closing.add(() => server.dispose());
  proxy.target = server.port;
  return {
    platform,
    server,
    origin: proxy.origin,
    address: `${proxy.origin}/?folder=${encodeURI(folder)}`,
    folder,
    logsDir: join(serverDataDir, 'data', 'logs'),
    ownLogsDir,
    dispose: () => closing.close(),
  };
}

/** @returns the folder that the page is to show */
async function prepareFolders(options: WorkbenchStackOptions, serverDataDir: string): Promise<string> {
  const folder = join(options.stateDir, 'workspace');
  await mkdir(folder, { recursive: true });
  await writeIfMissing(join(folder, 'README.md'), readme);
  const userDir = join(serverDataDir, 'data', 'User');
  await mkdir(userDir, { recursive: true });
  const settings = { ...quietSettings, ...options.settings };
  await writeIfMissing(join(userDir, 'settings.json'), JSON.stringify(settings, undefined, 2));
  const own = 'extension' in options ? options.extension : projectRoot;
  for (const extension of [...(own === undefined ? [] : [own]), ...(options.extraExtensions ?? [])]) {
    await linkExtension(extension, join(serverDataDir, 'extensions'));
  }
  return folder;
}

/** The local platform's key stays the same, so that a key kept by an earlier page still works. */
async function localKey(file: string): Promise<string> {
  await writeIfMissing(file, `ak_local_${randomBytes(24).toString('base64url')}`, 0o600);
  return (await readFile(file, 'utf8')).trim();
}

async function writeIfMissing(file: string, content: string, mode = 0o644): Promise<void> {
  try {
    await writeFile(file, content, { flag: 'wx', mode });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw error;
    }
  }
}
