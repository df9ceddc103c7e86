import { before, describe } from 'mocha';
import { useUiSession, type UiSession, type UiSessionOptions } from './uiSession';

/**
 * Tests of one matter, which share a window with others.
 * @param useWindow to be called at the beginning of their `describe`; gives them the session, in tests and hooks only
 */
export type UiTests = (useWindow: () => () => UiSession) => void;

/**
 * Runs the tests of several matters one after the other in one window, which costs more to open than most of them take.
 * Each finds an account without devboxes, its settings as they were, and nothing of the others on the screen; what the
 * extension remembers otherwise, such as the choices of the last start, stays.
 * @param title of all of them together
 */
export function shareWindow(title: string, options: UiSessionOptions, ...all: readonly UiTests[]): void {
  describe(title, () => {
    const session = useUiSession(options);
    all.forEach((tests, index) =>
      tests(() => {
        if (index > 0) {
          before(async function clearDesk() {
            this.timeout(60_000);
            await session().startAfresh();
          });
        }
        return session;
      }),
    );
  });
}
