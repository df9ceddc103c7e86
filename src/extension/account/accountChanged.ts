import { RuntimeError } from '../../core/errors';
import { extensionProblem } from '../messages/extensionProblems';

/** The error for something that was begun for an account which is no longer this window's. */
export function accountChanged(devboxId?: string): RuntimeError {
  return new RuntimeError({ problem: extensionProblem('account_changed'), devboxId });
}
