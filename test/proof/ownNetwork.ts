import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** Set in the program that runs in a network of its own. */
const mark = 'RUNLOOP_PROOF_OWN_NETWORK';

/** How to get one; root needs no user namespace for it. */
const unshare = process.getuid?.() === 0 ? ['unshare', '--net'] : ['unshare', '--user', '--map-root-user', '--net'];

const withLoopback = [...unshare, 'sh', '-c', 'PATH=$PATH:/sbin:/usr/sbin; ip link set lo up && exec "$@"', 'sh'];

/** Whether this program has been started in a network of its own. */
export function isInOwnNetwork(): boolean {
  return process.env[mark] !== undefined;
}

/**
 * Runs this program again, with the same words, in a network of its own that has nothing but loopback: whatever is attacked
 * in it, and whatever hostile programs find there, is the campaign's.
 *
 * @returns its exit code; undefined if this computer allows no such network, which is said
 */
export async function runInOwnNetwork(): Promise<number | undefined> {
  const [command = '', ...words] = withLoopback;
  const tried = spawnSync(command, [...words, 'true'], { encoding: 'utf8', timeout: 10_000 });
  if (tried.status !== 0) {
    console.error(`in the computer's own network, as there can be none apart: ${tried.stderr || String(tried.error)}`);
    return undefined;
  }
  console.error('in a network of its own');
  const child = spawn(command, [...words, process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [mark]: '1' },
  });
  // The terminal sends its signals to both; what others send comes to this one only.
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, pass);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
