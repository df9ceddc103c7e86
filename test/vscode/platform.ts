import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cleanEnvironment } from './cleanEnvironment';
import { findVscode } from './install';
import { localPlatformBundle } from './projectPaths';

/*
 * `npm run platform`: the local platform alone. Its options and its one line on stdout are its own; this only tells it
 * which VS Code its devboxes are to have.
 */

const parentFlag = '--exit-with-parent';

async function main(args: readonly string[]): Promise<number> {
  const install = await findVscode();
  const vscode: string[] = [];
  if (install === undefined) {
    process.stderr.write('Devboxes will have no VS Code: it is installed by the first `npm start` or `npm test`.\n');
  } else {
    vscode.push(`--vscode-server=${install.serverRoot}`, `--vscode-node=${install.node}`);
  }
  // Asked to end with its parent, the platform reads this process's own stdin; otherwise a pipe ties it to this process.
  const tied = args.includes(parentFlag);
  const platform = spawn(
    process.execPath,
    ['--enable-source-maps', localPlatformBundle, ...vscode, ...(tied ? [] : [parentFlag]), ...args],
    { stdio: [tied ? 'inherit' : 'pipe', 'inherit', 'inherit'], env: cleanEnvironment() },
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // The platform cleans up and ends by itself; this process waits for that. At a terminal Ctrl-C reaches both.
    process.on(signal, () => platform.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal));
  }
  await once(platform, 'exit');
  return platform.exitCode ?? 1;
}

process.exitCode = await main(process.argv.slice(2));
