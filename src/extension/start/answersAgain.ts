import { askedForReadRule as rule } from '../../core/http/retryRules';
import { asObject, asString } from '../../core/parse';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { choicesOf, oneSizeUp } from '../../core/start/choicesAgain';
import { nameProblem, type StartChoices } from '../../core/start/startChoices';
import { lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import type { KnownSecrets } from '../session/knownSecrets';
import type { Answers } from './answers';

/** Answers that make another devbox like one that there was. */
export interface AnswersAgain extends Pick<Answers, 'choices'>, Partial<Pick<Answers, 'name'>> {
  /** True if they are all that was chosen then; else only what the devbox itself tells, which is not its variables. */
  readonly isAll: boolean;
}

/**
 * The first answers of the wizard, by what it was called with.
 *
 * @param like a devbox's id, or `{ like, snapshotId }` for a devbox like that one from a snapshot; anything else asks for nothing
 * @param need `memory` or `disk` for one size larger
 */
export async function answersFor(
  knownSecrets: Pick<KnownSecrets, 'startedChoices'>,
  api: RunloopApi,
  like: unknown,
  need: unknown,
): Promise<Partial<Pick<Answers, 'choices' | 'name'>>> {
  const from = asObject(like);
  const devboxId = asString(like) ?? asString(from?.['like']);
  if (devboxId === undefined) return {};
  const { choices, name } = await answersLike(knownSecrets, api, devboxId, need);
  const snapshotId = asString(from?.['snapshotId']);
  // What the snapshot holds is there already.
  const fromSnapshot = (id: string): StartChoices => ({
    ...choices,
    source: { kind: 'snapshot', id },
    repository: undefined,
    folder: undefined,
  });
  return {
    choices: snapshotId === undefined ? choices : fromSnapshot(snapshotId),
    ...(name === undefined ? {} : { name }),
  };
}

/** The answers that make another devbox like one that there was. */
export async function answersLike(
  { startedChoices }: Pick<KnownSecrets, 'startedChoices'>,
  api: RunloopApi,
  devboxId: string,
  need: unknown,
): Promise<AnswersAgain> {
  const kept = await startedChoices.of(devboxId);
  const { devbox, blueprint } = await whenSlow(
    async (signal) => {
      const found = await api.devboxes.retrieve(devboxId, { signal, rule });
      const isOpen = kept === undefined && found.blueprintId !== undefined;
      return {
        devbox: found,
        blueprint: isOpen ? await api.blueprints.nameOf(found.blueprintId, { signal, rule }) : undefined,
      };
    },
    { limitMs: lookUpLimitMs },
  );
  const { name } = devbox;
  const choices = kept ?? choicesOf(devbox, blueprint);
  return {
    choices: need === 'memory' || need === 'disk' ? oneSizeUp(choices, need) : choices,
    ...(name === undefined || nameProblem(name) !== undefined ? {} : { name }),
    isAll: kept !== undefined,
  };
}
