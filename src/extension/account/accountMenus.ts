import { defaultBaseUrl } from '../../core/platform/client';
import { contextKeys } from '../commandIds';
import { setContext } from '../setContext';

/**
 * Menus ask whether there is a key at all, and which kind of account it is.
 *
 * @param isLocal whether it is a local platform, this window's own or another
 */
export async function tellMenus(
  account: { readonly source: 'secret' | 'environment' | 'local'; readonly baseUrl: string } | undefined,
  isLocal: boolean,
): Promise<void> {
  const source = account?.source;
  await setContext(contextKeys.account, account !== undefined && isLocal ? 'secret' : (source ?? 'none'));
  await setContext(contextKeys.hasSignedIn, account !== undefined && !isLocal);
  await setContext(contextKeys.localPlatform, source === 'local');
  await setContext(contextKeys.isLocal, account !== undefined && isLocal);
  await setContext(contextKeys.noLocalPlatform, process.platform !== 'linux');
  await setContext(contextKeys.hasDashboard, account?.baseUrl === defaultBaseUrl);
}
