import { changesProblem } from '../problems/changes';
import type { Problem } from '../problems/problem';
import { mostComparedFiles, mostNotedFiles } from './folderSteps';

/** Bytes of commits that are brought home at once. */
export const mostBundleBytes = 1e9;

/** The problem that a script of this room has ended with, by its word; undefined for a word of none. */
export function scriptProblem(
  word: string,
  { name, seconds }: { readonly name: string; readonly seconds: number },
): Problem | undefined {
  const problems = {
    no_git: () => changesProblem('changes_no_git'),
    gone: () => changesProblem('changes_gone', { name }),
    no_repository: () => changesProblem('changes_not_repository', { name }),
    elsewhere: () => changesProblem('changes_elsewhere', { name }),
    unreadable: () => changesProblem('changes_unreadable', { name }),
    late: () => changesProblem('changes_late', { name, seconds }),
    no_folder: () => changesProblem('changes_no_folder', { name }),
    again: () => changesProblem('changes_again', { name }),
    folder_many: () => changesProblem('changes_folder_many', { name, count: mostNotedFiles.toLocaleString() }),
    folder_more: () => changesProblem('changes_folder_many', { name, count: mostComparedFiles.toLocaleString() }),
    patch_folder_large: () => changesProblem('patch_folder_large', { name }),
    patch_names: () => changesProblem('patch_names', { name }),
    patch_incomplete: () => changesProblem('patch_incomplete', { name }),
    patch_large: () => changesProblem('patch_large', { name }),
    home_large: () => changesProblem('home_large', { name, size: mostBundleBytes / 1e9 }),
    not_written: () => changesProblem('review_not_written'),
    no_commit: () => changesProblem('home_no_commit', { name }),
    incomplete: () => changesProblem('home_incomplete', { name }),
    discard_busy: () => changesProblem('discard_busy', { name }),
    discard_locked: () => changesProblem('discard_locked', { name }),
    discard_denied: () => changesProblem('discard_denied', { name }),
    discard_no_commit: () => changesProblem('discard_no_commit', { name }),
    discard_moved: () => changesProblem('discard_moved', { name }),
    discard_not_owner: () => changesProblem('discard_denied', { name }),
    discard_not_kept: () => changesProblem('discard_not_kept', { name }),
    discard_lost: () => changesProblem('discard_lost', { name }),
    discard_in_the_way: () => changesProblem('discard_in_the_way', { name }),
    turn_unknown: () => changesProblem('turn_unknown', { name }),
    discard_partly: () => changesProblem('discard_partly', { name }),
    send_busy: () => changesProblem('send_busy', { name }),
    send_not_owner: () => changesProblem('send_denied', { name }),
    send_broken: () => changesProblem('send_broken', { name }),
    send_moved: () => changesProblem('send_moved', { name }),
    send_unwritten: () => changesProblem('send_unwritten', { name }),
    send_partly: () => changesProblem('send_partly', { name }),
  } as const;
  return Object.entries(problems).find(([key]) => key === word)?.[1]();
}
