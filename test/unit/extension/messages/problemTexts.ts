import { allProblems } from '../../../../src/core/problems/all';
import { pieces, tasks, things } from '../../../../src/core/problems/phrases';
import { noDetails, type ProblemWords } from '../../../../src/core/problems/problem';
import { commandWords } from '../../../../src/extension/messages/commandProblems';
import { extensionWords } from '../../../../src/extension/messages/extensionProblems';

/** Every problem that can be shown, by its id. */
export const everyProblem: Readonly<Record<string, ProblemWords>> = {
  ...allProblems,
  ...extensionWords,
  ...commandWords,
};

/** Every piece of a sentence that is put into one. */
export const everyPhrase: readonly string[] = [...tasks, ...things, ...pieces, noDetails];

/** Every text that a bundle must have for the problems. */
export function problemTexts(): Set<string> {
  const sentences = Object.values(everyProblem).flatMap(({ message, nextStep }) => [message, nextStep]);
  return new Set([...sentences, ...everyPhrase].filter((text) => text !== ''));
}
