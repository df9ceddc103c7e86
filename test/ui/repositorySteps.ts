import { errors, type Page } from 'playwright-core';
import { eventually } from '../eventually';
import type { Workbench } from './workbench/workbench';

/** Chooses one of the ways that "Move or Discard Changes…" has at the row of a repository. */
export async function chooseWay(workbench: Workbench, repository: string, label: string): Promise<void> {
  // The question closes where the view is drawn in that moment; a person would ask again.
  await eventually(
    async () => {
      await workbench.tree('Devboxes').row(repository).chooseFromMenu('Move or Discard Changes…');
      const way = workbench.quickInput.row(label);
      return way.click({ timeout: 5_000 }).then(
        () => true,
        (error: unknown) => {
          if (error instanceof errors.TimeoutError) return false;
          throw error;
        },
      );
    },
    (isChosen) => isChosen,
    30_000,
  );
}

/** Adds a comment at the line of the open diff's right side that has this text. */
export async function commentOn(page: Page, lineText: string, words: string): Promise<void> {
  const line = page.locator('.monaco-diff-editor .editor.modified .view-line', { hasText: lineText }).first();
  await line.click();
  await page.locator('.monaco-diff-editor .editor.modified .comment-range-glyph.line-hover').first().click();
  const input = page.locator('.review-widget .monaco-editor').first();
  await input.waitFor({ timeout: 20_000 });
  await input.click();
  await page.keyboard.type(words);
  await page.locator('.review-widget').getByRole('button', { name: 'Add Comment' }).click();
  await page.locator('.review-widget .comment-body', { hasText: words }).first().waitFor({ timeout: 20_000 });
}
