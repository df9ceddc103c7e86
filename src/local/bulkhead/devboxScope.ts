import { AsyncLocalStorage } from 'node:async_hooks';

/** The devbox for which work is being done: an uncaught error in that work is attributed to it. */
export interface WorkOwner {
  /** Of a devbox, or of a build. */
  readonly id: string;
  /** Ends it, and nothing else. */
  fail(reason: 'health_check_failed', message: string): void;
}

const owners = new AsyncLocalStorage<WorkOwner>();

/** Does work for a devbox: every error of what it starts, also much later, is known to be the devbox's. */
export function inScopeOf<T>(owner: WorkOwner, work: () => T): T {
  return owners.run(owner, work);
}

/** The devbox for which the present code runs. */
export function presentOwner(): WorkOwner | undefined {
  return owners.getStore();
}
