import type { ApiAccount } from '../../core/platform/client';
import type { RunloopApi } from '../../core/platform/runloopApi';

/** The code that speaks to Runloop is read when somebody is signed in. */
export async function openApi(account: ApiAccount): Promise<RunloopApi> {
  const { RunloopApi: Api } = await import('../../core/platform/runloopApi');
  return new Api(account);
}
