import type { DevboxStore } from '../devboxes/devboxStore';
import type { NoticeRow } from './rows';

/**
 * The row above the groups that says why there is less to see than expected, if there is something to say.
 *
 * @param earlier the row that is shown now; the same one is returned while it says the same, so that it is not drawn again
 * @param matching how many devboxes pass the filter
 * @param pauseSeconds how long the server asked not to be asked; a message above the rows tells that already
 */
export function noticeFor(
  store: DevboxStore,
  {
    earlier,
    matching,
    pauseSeconds,
  }: { readonly earlier: NoticeRow | undefined; readonly matching: number; readonly pauseSeconds: number },
): NoticeRow | undefined {
  const { failure } = store;
  const before = earlier?.notice;
  if (failure !== undefined && !(failure.code === 'rate_limited' && pauseSeconds > 0)) {
    const isSame = typeof before === 'object' && before.failure === failure;
    return isSame ? earlier : { kind: 'notice', notice: { failure } };
  }
  if (matching > 0 || store.snapshot.size === 0) return undefined;
  return before === 'nothingMatches' ? earlier : { kind: 'notice', notice: 'nothingMatches' };
}
