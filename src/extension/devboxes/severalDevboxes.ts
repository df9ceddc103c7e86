import pLimit from 'p-limit';
import { commandProblem } from '../messages/commandProblems';
import { l10n, window } from 'vscode';
import { messageOf, RuntimeError, saidBy } from '../../core/errors';
import type { Devbox, KnownStatus } from '../../core/platform/devbox';
import type { CallOptions } from '../../core/platform/apiCalls';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { devboxLabel } from './devboxText';

/** Devboxes that are worked on at once: quick enough for hundreds, and polite to the API. */
const atOnce = 5;

/** One devbox by its name, several by their number. */
export function namesOf(devboxes: readonly Devbox[]): string {
  return devboxes.length === 1 && devboxes[0] !== undefined
    ? devboxLabel(devboxes[0])
    : l10n.t('{0} devboxes', devboxes.length);
}

/** Devboxes that a question names at the most. */
const mostNamed = 20;

/** Which devboxes a question is about, a line for each, with what else is said of them. */
export function namedLines(devboxes: readonly Devbox[], fact: (devbox: Devbox) => string): string {
  const lines = devboxes.slice(0, mostNamed).map((devbox) => `${devboxLabel(devbox)} (${fact(devbox)})`);
  const more = devboxes.length - mostNamed;
  return [...lines, ...(more > 0 ? [l10n.t('and {0} more', more)] : [])].join('\n');
}

/**
 * Does the same to several devboxes, a few at once. What fails for one does not spare the others; a cancellation ends it.
 *
 * @throws the failure, or for several RuntimeError `api` that tells of how many it did not work, and the first reason
 */
export async function forEach(devboxes: readonly Devbox[], work: (devbox: Devbox) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  let isCancelled = false;
  await pLimit(atOnce).map(devboxes, async (devbox) => {
    if (isCancelled) return;
    try {
      await work(devbox);
    } catch (error) {
      failures.push(error);
      isCancelled ||= RuntimeError.is(error, 'cancelled');
    }
  });
  const [first] = failures;
  if (first === undefined) return;
  if (failures.length === 1 || devboxes.length === 1) {
    throw first instanceof Error ? first : new Error(messageOf(first));
  }
  // Where one of them may cost money, that is what it is about.
  const id = failures.some((failure) => RuntimeError.is(failure, 'may_still_run'))
    ? 'several_may_run'
    : 'several_failed';
  const problem = commandProblem(id, { failed: failures.length, all: devboxes.length, why: saidBy(first) });
  throw new RuntimeError({ problem, cause: first });
}

/**
 * Devboxes as they are now, in the order of the ids; those that are gone are left out.
 *
 * @throws as {@link forEach}
 */
export async function asTheyAre(
  api: RunloopApi,
  devboxes: readonly Devbox[],
  call: CallOptions,
): Promise<readonly Devbox[]> {
  const found = new Map<string, Devbox>();
  await forEach(devboxes, async ({ id }) => {
    const devbox = await orGone(api.devboxes.retrieve(id, call));
    if (devbox !== undefined) found.set(id, devbox);
  });
  return devboxes.flatMap(({ id }) => found.get(id) ?? []);
}

/** What was asked for; undefined if there is no such devbox any more. */
export async function orGone(devbox: Promise<Devbox>): Promise<Devbox | undefined> {
  try {
    return await devbox;
  } catch (error) {
    if (RuntimeError.is(error, 'not_found')) return undefined;
    throw error;
  }
}

/**
 * Every devbox that has one of these statuses. Where some cannot be read, that is said: a list to choose from must not
 * seem to be all there is.
 *
 * @throws RuntimeError
 */
export async function devboxesWith(
  api: RunloopApi,
  statuses: readonly KnownStatus[],
  call: CallOptions,
): Promise<readonly Devbox[]> {
  let unread = 0;
  const onMalformed = (count: number): void => void (unread += count);
  const lists = await Promise.all(
    statuses.map(async (status) => {
      const devboxes: Devbox[] = [];
      for await (const devbox of api.devboxes.list({ status }, { ...call, onMalformed })) devboxes.push(devbox);
      return devboxes;
    }),
  );
  tellOfUnread(unread);
  return lists.flat();
}

/** Says how many entries of a list could not be read, if there are any. */
export function tellOfUnread(count: number): void {
  if (count > 0) void window.showWarningMessage(l10n.t('Devboxes that could not be read: {0}', count));
}
