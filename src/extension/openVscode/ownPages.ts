import { l10n } from 'vscode';
import type { PageTexts } from '../../core/vscode/forwarderPage';
import { hasEnded, type Devbox } from '../../core/platform/devbox';
import { devboxLabel } from '../devboxes/devboxText';

/** The words of the pages that a browser gets in a devbox's place. */
export function ownPages(devboxes: { get(devboxId: string): Devbox | undefined }): PageTexts {
  return (why, devboxId) => {
    const devbox = devboxId === undefined ? undefined : devboxes.get(devboxId);
    const label = devbox === undefined ? (devboxId ?? '') : devboxLabel(devbox);
    switch (why) {
      case 'notServed':
        return notServed(devbox, label);
      case 'unreachable':
        return {
          title: l10n.t('{0} is not responding', label),
          text: l10n.t('The devbox or its VS Code cannot be reached at the moment. This page retries automatically.'),
        };
      case 'unknown':
        return {
          title: l10n.t('This address is no longer valid'),
          text: l10n.t('Open the VS Code of the devbox from your editor again.'),
        };
      case 'refused':
        return { title: l10n.t('This address is not valid here'), text: l10n.t('It is not an address of the devbox.') };
    }
  };
}

function notServed(devbox: Devbox | undefined, label: string): ReturnType<PageTexts> {
  if (devbox?.status === 'suspended' || devbox?.status === 'suspending') {
    return {
      title: l10n.t('{0} is suspended', label),
      text: l10n.t('Its files are kept. To show it here again, resume it and attach to it in your editor.'),
    };
  }
  if (devbox !== undefined && hasEnded(devbox.status)) {
    return { title: l10n.t('{0} has ended', label), text: l10n.t('You can close this page.') };
  }
  return {
    title: l10n.t('Waiting for your editor'),
    text: l10n.t('Your editor is not attached to {0}. This page shows the devbox again as soon as it is.', label),
  };
}
