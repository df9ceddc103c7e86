import { RuntimeError } from '../../core/errors';

/** The error for something that was begun for an account which is no longer this window's. */
export function accountChanged(devboxId?: string): RuntimeError {
  return new RuntimeError({
    code: 'account_changed',
    message: 'The window turned to another account meanwhile.',
    nextStep: 'Go back to that account and try again.',
    devboxId,
  });
}
