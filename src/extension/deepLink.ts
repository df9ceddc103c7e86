import { window, type Disposable } from 'vscode';
import type { OpenServices } from './openVscode/openVscode';

/**
 * Follows links of the form `vscode://runloop-devboxes.runloop-devboxes/open?devbox=<id>`. A link comes from anywhere, so
 * it only ever asks, and opens the VS Code of a devbox of the account that is signed in.
 */
export function followDeepLinks(services: OpenServices): Disposable {
  return window.registerUriHandler({
    handleUri: async (uri) => {
      try {
        const { openLink } = await import('./openLink');
        await openLink(services, uri);
      } catch (error) {
        const { showFailure } = await import('./messages/showFailure');
        showFailure('Following a link', error, services.log);
      }
    },
  });
}
