import { env, l10n } from 'vscode';
import type { NoAnswer, PageText } from '../../core/forwarding/forwarderPage';
import { hasEnded, type Devbox } from '../../core/platform/devbox';
import type { DevboxPort } from '../../core/ports/portServer';
import { devboxLabel } from '../devboxes/devboxText';

/** The words of the pages that a browser gets in a port's place. */
export function portPages(devboxes: {
  get(devboxId: string): Devbox | undefined;
}): (why: NoAnswer, port: DevboxPort | undefined) => PageText {
  return (why, port) => ({ ...pageTexts(devboxes, why, port), language: env.language });
}

function pageTexts(
  devboxes: { get(devboxId: string): Devbox | undefined },
  why: NoAnswer,
  port: DevboxPort | undefined,
): PageText {
  const devbox = port === undefined ? undefined : devboxes.get(port.devboxId);
  const label = devbox === undefined ? (port?.devboxId ?? '') : devboxLabel(devbox);
  switch (why) {
    case 'notServed':
      return devbox !== undefined && hasEnded(devbox.status)
        ? { title: l10n.t('{0} has ended', label), text: l10n.t('You can close this page.'), isLast: true }
        : {
            title: l10n.t('{0} is not running', label),
            text: l10n.t('This page shows the port again when it runs. Opening the page does not resume it.'),
          };
    case 'unreachable':
    case 'locked':
      return {
        title: l10n.t('Port {0} of {1} is not responding', port?.port ?? '', label),
        text: l10n.t(
          'Either nothing listens on it, or it does not speak HTTP: only HTTP, WebSockets and server-sent events are forwarded. This page retries automatically.',
        ),
      };
    case 'unknown':
      return {
        title: l10n.t('This address is no longer valid'),
        text: l10n.t('Open the port of the devbox from your editor again.'),
      };
    case 'refused':
      return { title: l10n.t('This address is not valid here'), text: l10n.t('It is not an address of the devbox.') };
  }
}
