import { access, chmod, constants, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { downloadAndUnzipVSCode, runTests, TestRunFailedError } from '@vscode/test-electron';
import { selfSigned } from '../../src/local/http/certificate';
import { CloseStack } from './closeStack';
import { ensureVscode } from './install';
import { PlatformProcess } from '../platform/platformProcess';
import { countLine } from './mochaRun';
import { artifactsDir, outDir, projectRoot, vscodeTestDir } from './projectPaths';
import { listenForStop, Stopped } from './stopSignals';
import { SuiteListener } from './suiteListener';
import {
  lowestVscodeVariable,
  suiteApiKeyVariable,
  suiteBaseUrlVariable,
  suiteOnlyVariable,
  suiteSocketVariable,
  suiteCertificateVariable,
} from './suiteProtocol';

const usage = `Runs the suite in test/host inside a real VS Code extension host.

  npm run test:host -- [--desktop | --lowest] [--only TEXT]

  --desktop     in a desktop VS Code: the one that VSCODE_PATH names, else one that is downloaded
  --lowest      in the oldest VS Code that the manifest admits
  --only TEXT   only the tests whose title contains TEXT
`;

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main(): Promise<number> {
  const stop = listenForStop();
  const closing = new CloseStack();
  let suite: SuiteListener | undefined;
  let exitCode: number;
  try {
    const { values } = parseArgs({
      options: {
        desktop: { type: 'boolean' },
        lowest: { type: 'boolean' },
        only: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) {
      process.stdout.write(usage);
      return 0;
    }
    suite = await SuiteListener.start((message) => {
      if (message.type === 'line') {
        process.stdout.write(`${message.text}\n`);
      }
    });
    const listener = suite;
    closing.add(() => listener.dispose());
    await run(values, suite, closing, stop.signal);
    if (suite.counts === undefined || suite.counts.failed > 0) {
      throw new Error('The editor ended well, but the suite did not come to its end.');
    }
    exitCode = 0;
  } catch (error) {
    exitCode = stop.signal.reason instanceof Stopped ? stop.signal.reason.exitCode : 1;
    report(error instanceof Error ? error.message : String(error));
  }
  await closing.close();
  process.stdout.write(`${countLine(suite?.counts ?? { passed: 0, failed: 1, skipped: 0 })}\n`);
  stop.dispose();
  return exitCode;
}

async function run(
  { desktop = false, lowest = false, only }: { desktop?: boolean; lowest?: boolean; only?: string },
  suite: SuiteListener,
  closing: CloseStack,
  signal: AbortSignal,
): Promise<void> {
  const executable = desktop ? await desktopExecutable() : await ownLauncher();
  const install = await ensureVscode(report, signal);
  const scratch = await mkdtemp(join(tmpdir(), 'runloop-host-'));
  closing.add(() => rm(scratch, { recursive: true, force: true, maxRetries: 3 }));
  await mkdir(artifactsDir, { recursive: true });
  const platform = await PlatformProcess.start([], {
    apiKey: `ak_test_${Date.now().toString(36)}`,
    dataDir: join(scratch, 'platform'),
    vscode: install,
    logFile: join(artifactsDir, 'host-tests-platform.log'),
    signal,
  });
  closing.add(async () => void (await platform.stop()));
  const folder = join(scratch, 'workspace');
  await mkdir(folder);
  await writeFile(join(folder, 'README.md'), 'The folder that is open while the tests run.\n');
  // Nobody has signed it: only who is told so trusts it, as with a company's own authority.
  const certificateFile = join(scratch, 'authority.pem');
  const { key, cert } = selfSigned(['api.example.test', '*.tunnel.localhost']);
  await writeFile(certificateFile, `${cert}${key}`, { mode: 0o600 });
  try {
    await runTests({
      vscodeExecutablePath: executable,
      extensionDevelopmentPath: projectRoot,
      extensionTestsPath: join(outDir, 'host', 'index.mjs'),
      launchArgs: [
        folder,
        `--user-data-dir=${join(scratch, 'user')}`,
        `--extensions-dir=${join(scratch, 'extensions')}`,
      ],
      extensionTestsEnv: {
        // The launcher's first line asks for `node`: give it the one that runs this.
        PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
        [suiteSocketVariable]: suite.socketPath,
        [suiteOnlyVariable]: only,
        [suiteCertificateVariable]: certificateFile,
        NODE_EXTRA_CA_CERTS: certificateFile,
        ...(lowest ? { [lowestVscodeVariable]: '1' } : {}),
        [suiteBaseUrlVariable]: platform.baseUrl,
        [suiteApiKeyVariable]: platform.apiKey,
        RUNLOOP_BASE_URL: platform.baseUrl,
        RUNLOOP_API_KEY: platform.apiKey,
        ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
      },
    });
  } catch (error) {
    if (error instanceof TestRunFailedError) {
      throw new Error(`The suite in the extension host failed (${error.message}).`, { cause: error });
    }
    throw error;
  }
}

async function ownLauncher(): Promise<string> {
  const launcher = join(outDir, 'launcher.js');
  await chmod(launcher, 0o755);
  return launcher;
}

async function desktopExecutable(): Promise<string> {
  const given = process.env['VSCODE_PATH'];
  if (given !== undefined && given !== '') {
    try {
      await access(given, constants.X_OK);
    } catch (error) {
      throw new Error(`VSCODE_PATH names ${given}, which is not a program that can be run.`, { cause: error });
    }
    return given;
  }
  try {
    return await downloadAndUnzipVSCode({ cachePath: vscodeTestDir });
  } catch (error) {
    throw new Error(
      `A desktop VS Code could not be downloaded (${error instanceof Error ? error.message : String(error)}). ` +
        'Name an installed one in VSCODE_PATH, or run the same suite in the web-hosted one: npm run test:host',
      { cause: error },
    );
  }
}

process.exitCode = await main();
