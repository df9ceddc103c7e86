import { l10n, window } from 'vscode';

/** Says that only a real folder can be uploaded, and waits until that was read. */
export async function tellOfMissingFolder(): Promise<void> {
  await window.showWarningMessage(l10n.t('Only a folder on this computer can be uploaded.'), {
    modal: true,
    detail: l10n.t(
      'This window has a virtual folder open, or none. Open a folder on this computer, or choose one in "Start Devbox With Options".',
    ),
  });
}
