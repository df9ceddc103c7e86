import { RuntimeError } from '../../core/errors';
import { extensionProblem } from '../messages/extensionProblems';

/** Asks, after a wait, whether what was begun may go on. @throws RuntimeError `account_changed` if its account is not this window's any more */
export function mustStillBe({ ended }: { readonly ended: AbortSignal }, devboxId?: string): void {
  if (ended.aborted) throw accountChanged(devboxId);
}

/** The error for something that was begun for an account which is no longer this window's. */
export function accountChanged(devboxId?: string): RuntimeError {
  return new RuntimeError({ problem: extensionProblem('account_changed'), devboxId });
}
