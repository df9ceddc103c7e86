import { env, UIKind, Uri } from 'vscode';

/** Whether the browser runs on the computer that this extension runs on. */
export function isBrowserHere(): boolean {
  return env.remoteName === undefined && env.uiKind === UIKind.Desktop;
}

/** Where the editor makes a port of its own computer reachable for the browser of whoever looks at this window. */
export interface OutsideAddress {
  readonly uri: Uri;
  /** On the browser's computer, perhaps with another port. */
  readonly isLoopback: boolean;
  /** Below a path the host is that of whatever else is there, in code-server the editor's own: a page could use its cookies. */
  readonly isShared: boolean;
}

/** Asks the editor for the address of a port of its computer. */
export async function outsideAddress(port: string | number): Promise<OutsideAddress> {
  const uri = await env.asExternalUri(Uri.parse(`http://127.0.0.1:${port}/`, true));
  return {
    uri,
    isLoopback: /^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(uri.authority),
    isShared: uri.path !== '' && uri.path !== '/',
  };
}

/** An address of this computer with the port that the browser's computer has for it. */
export function withPortOf(address: string, { uri }: OutsideAddress): string {
  const url = new URL(address);
  url.port = /:(\d+)$/.exec(uri.authority)?.[1] ?? '';
  return url.toString();
}
