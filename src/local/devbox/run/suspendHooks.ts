import type { DevboxLog } from '../devboxLog';
import { type DevboxRun, pause } from './devboxRun';
import type { LifecycleHooks } from '../spec';

/**
 * Runs the commands a devbox wants to have run before it is suspended. None of them can prevent that: failures and a
 * passed deadline go to the log only.
 */
export async function runHooks(
  run: DevboxRun,
  log: DevboxLog,
  { suspendCommands: commands, suspendDeadlineMs: deadline }: LifecycleHooks,
): Promise<void> {
  if (commands.length === 0) {
    return;
  }
  const late = new AbortController();
  const over = (): boolean => late.signal.aborted || run.signal.aborted;
  const all = async (): Promise<void> => {
    for (const command of commands) {
      if (over()) {
        return;
      }
      log.append({ source: 'setup_commands', level: 'info', cmd: command });
      const { code } = await run.shell('setup_commands', command);
      if (code !== 0 && !over()) {
        log.append({
          source: 'setup_commands',
          level: 'error',
          message: `A suspend command ended with exit code ${code}; the devbox is suspended anyway.`,
        });
      }
    }
  };
  const done = all().then(() => 'done' as const);
  if ((await Promise.race([done, pause(deadline)])) !== 'done') {
    late.abort();
    log.append({
      source: 'setup_commands',
      level: 'error',
      message: `The suspend commands took longer than ${deadline} ms; the devbox is suspended without waiting for them.`,
    });
  }
}
