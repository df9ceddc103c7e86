import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { messageOf } from '../../core/errors';
import { readyWord } from './keeperState';

/** How the start of a keeper came out. */
export type KeeperStart =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly why: string }
  /** Not ready in time; it was ended. */
  | { readonly kind: 'late' }
  /** The signal was aborted; it was ended. */
  | { readonly kind: 'cancelled' };

/**
 * Starts a keeper as a process of its own, which outlives this one when it must, and waits until its platform is ready.
 * Neither the signal nor the limit touch a keeper that is ready.
 *
 * @param limitMs milliseconds until it must be ready
 */
export function startKeeper(
  program: string,
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
    readonly limitMs: number;
  },
): Promise<KeeperStart> {
  const { cwd, env, signal, limitMs } = options;
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const outputTail: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    outputTail.push(line);
    outputTail.splice(0, outputTail.length - 5);
  });
  return new Promise<KeeperStart>((resolve) => {
    const settle = (start: KeeperStart): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      child.unref();
      resolve(start);
    };
    const giveUp = (start: KeeperStart): void => {
      child.kill('SIGTERM');
      settle(start);
    };
    const cancel = (): void => giveUp({ kind: 'cancelled' });
    const timer = setTimeout(() => giveUp({ kind: 'late' }), limitMs);
    signal.addEventListener('abort', cancel);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === readyWord) settle({ kind: 'ready' });
    });
    child.once('error', (error) => settle({ kind: 'failed', why: messageOf(error) }));
    child.once('close', () => settle({ kind: 'failed', why: outputTail.join(' ') }));
    if (signal.aborted) cancel();
  });
}
