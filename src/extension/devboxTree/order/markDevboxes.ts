import { asArray, asObject, asString } from '../../../core/parse';
import type { DevboxTree } from '../devboxTree';
import { attentionGroup } from './arrangement';

interface MarkServices {
  readonly tree: DevboxTree;
}

/** Ids of the rows that a command of the context menu means. */
function idsOf(argument: unknown, arguments_: unknown): readonly string[] {
  const rows = asArray(arguments_);
  return (rows.length > 0 ? rows : [argument]).flatMap((row) => asString(row) ?? asString(asObject(row)?.['id']) ?? []);
}

/** Keeps devboxes above the others of their group. */
export async function pinDevboxes({ tree }: MarkServices, argument: unknown, arguments_: unknown): Promise<void> {
  await tree.choices.setPinned(idsOf(argument, arguments_), true);
}

export async function unpinDevboxes({ tree }: MarkServices, argument: unknown, arguments_: unknown): Promise<void> {
  await tree.choices.setPinned(idsOf(argument, arguments_), false);
}

/** Takes devboxes out of those that need attention, until there is another reason; on the group, all of them. */
export async function dismissDevboxes({ tree }: MarkServices, argument: unknown, arguments_: unknown): Promise<void> {
  const isGroup = asString(asObject(argument)?.['key']) === attentionGroup;
  const { attention } = tree;
  const ids = isGroup ? [...attention.keys()] : idsOf(argument, arguments_);
  await tree.choices.dismiss(
    ids.flatMap((id) => {
      const mark = attention.get(id)?.mark;
      return mark === undefined ? [] : [[id, mark] as const];
    }),
  );
}
