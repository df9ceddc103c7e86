import { env, l10n, UIKind } from 'vscode';
import type { NoAnswer, PageText, PageTexts } from '../../core/forwarding/forwarderPage';
import { hasEnded, type Devbox } from '../../core/platform/devbox';
import { devboxLabel } from '../devboxes/devboxText';

/** The words of the pages that a browser gets in a devbox's place. */
export function ownPages(devboxes: { get(devboxId: string): Devbox | undefined }): PageTexts {
  return (why, devboxId) => ({ ...pageTexts(devboxes, why, devboxId), language: env.language });
}

function pageTexts(
  devboxes: { get(devboxId: string): Devbox | undefined },
  why: NoAnswer,
  devboxId: string | undefined,
): PageText {
  const devbox = devboxId === undefined ? undefined : devboxes.get(devboxId);
  const label = devbox === undefined ? (devboxId ?? '') : devboxLabel(devbox);
  switch (why) {
    case 'notServed':
      return notServed(devbox, label);
    case 'unreachable':
      return {
        title: l10n.t('{0} is not responding', label),
        link: openAgain(devboxId),
        text: l10n.t('The devbox or its VS Code cannot be reached at the moment. This page retries automatically.'),
      };
    case 'locked':
      return {
        title: l10n.t('Open the VS Code of {0} again', label),
        text: l10n.t(
          'It was restarted, or this browser does not have access to it yet. Open it from your editor to give this browser access.',
        ),
        link: openAgain(devboxId),
      };
    case 'unknown':
      return {
        title: l10n.t('This address is no longer valid'),
        text: l10n.t('Open the VS Code of the devbox from your editor again.'),
      };
    case 'refused':
      return { title: l10n.t('This address is not valid here'), text: l10n.t('It is not an address of the devbox.') };
  }
}

/** Leads to the editor, which asks first. An editor in a browser has no such addresses. */
function openAgain(devboxId: string | undefined): PageText['link'] {
  if (devboxId === undefined || env.uiKind !== UIKind.Desktop) return undefined;
  const address = `${env.uriScheme}://runloop-devboxes.runloop-devboxes/open?devbox=${encodeURIComponent(devboxId)}`;
  return { text: l10n.t('Open Again'), address };
}

function notServed(devbox: Devbox | undefined, label: string): PageText {
  if (devbox?.status === 'suspended' || devbox?.status === 'suspending') {
    return {
      title: l10n.t('{0} is suspended', label),
      text: l10n.t('Its files are kept. To show it here again, resume it and open its VS Code in your editor.'),
      link: openAgain(devbox.id),
    };
  }
  if (devbox !== undefined && hasEnded(devbox.status)) {
    return { title: l10n.t('{0} has ended', label), text: l10n.t('You can close this page.'), isLast: true };
  }
  return {
    link: openAgain(devbox?.id),
    title: l10n.t('Waiting for your editor'),
    text: l10n.t('The VS Code of {0} is not open in your editor. This page shows it again as soon as it is.', label),
  };
}
