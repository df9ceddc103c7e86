import { commands, l10n, window } from 'vscode';
import type { Log } from './log';

/**
 * Whether a failure is that code of the extension is gone: parts are read on first use, and an update that the window has
 * not been reloaded for replaces them.
 */
export function isMissingCode(error: unknown): boolean {
  for (let one: unknown = error, depth = 0; one instanceof Error && depth < 10; one = one.cause, depth += 1) {
    if ('code' in one && (one.code === 'ERR_MODULE_NOT_FOUND' || one.code === 'MODULE_NOT_FOUND')) return true;
    // Some parts are new already.
    if (one instanceof SyntaxError && /does not provide an export named/.test(one.message)) return true;
  }
  return false;
}

export function missingCodeText(): string {
  return l10n.t('The extension was updated or removed. Reload the window to continue.');
}

/** The button that helps. */
export function reloadWindow(): { readonly title: string; run(): Thenable<unknown> } {
  return { title: l10n.t('Reload Window'), run: () => commands.executeCommand('workbench.action.reloadWindow') };
}

/** Reads the code that shows failures when there is one. After an update that may be gone too, and is then said instead. */
export async function showFailureLater(
  doing: string,
  error: unknown,
  log: Log,
  retry?: () => Promise<void>,
  account?: { readonly ended: AbortSignal },
): Promise<void> {
  try {
    const code = await import('./showFailure');
    code.showFailure(doing, error, log, retry, { account });
  } catch (missing) {
    log.failure(doing, error);
    log.failure('Showing a failure', missing);
    const reload = reloadWindow();
    if ((await window.showErrorMessage(missingCodeText(), reload.title)) === reload.title) await reload.run();
  }
}
