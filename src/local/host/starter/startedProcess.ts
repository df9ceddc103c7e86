import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { codeOf } from '../../errors';

/** How a process ended: its exit code, or 128 + signal number. */
export type End =
  | { readonly code: number; /** Nobody could tell any more, or end it. */ readonly isLost?: true }
  | { /** It never began. */ readonly refused: string };

/** A process that was started, by whomever. */
export interface StartedProcess {
  /** Undefined as long as it has not begun. */
  readonly pid: number | undefined;
  /** Whether its number may be another's by now. */
  readonly hasEnded: boolean;
  /** Never rejects. */
  readonly exited: Promise<End>;
}

/** A process that Node started. */
export function ownChild(child: ChildProcess): StartedProcess {
  return {
    pid: child.pid,
    get hasEnded() {
      return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
    },
    exited: new Promise((resolve) => {
      child.once('exit', (code, signal) =>
        resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) }),
      );
      child.once('error', (error) => resolve({ refused: codeOf(error) ?? error.message }));
    }),
  };
}
