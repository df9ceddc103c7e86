import type { Dice } from '../dice';

/** A command is this and the name of a file: done again, it is another line in that. */
export const commandStart = 'echo x >>';
const commands = ['a', 'b', 'c', 'd'].map((name) => `${commandStart}${name}`);
const files = ['e.txt', 'f.txt'];

/** What an agent does in a turn: at once what stands in one group. A text stands for a command, or for a file that is written. */
export function drawPlan(dice: Dice): readonly (readonly string[])[] {
  return Array.from({ length: dice.whole(2, 4) }, () => {
    if (dice.chance(0.2)) return [dice.pick(files)];
    // A call has the id of its text: what is asked for at once differs.
    return [...new Set(Array.from({ length: dice.chance(0.4) ? 3 : 1 }, () => dice.pick(commands)))];
  });
}

/** A plan as the prompt of the example agent. */
export function stepsOf(plan: readonly (readonly string[])[]): readonly object[] {
  return plan.map((group) => {
    const [first = ''] = group;
    return first.startsWith(commandStart) ? { all: group } : { write: { path: first, text: 'written\n' } };
  });
}
