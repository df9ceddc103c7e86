import type { Page } from 'playwright-core';

/** Drags the side bar to a width in pixels, and leaves the mouse where it shows no tooltip. */
export async function sideBarTo(page: Page, width: number): Promise<void> {
  const left = (await page.locator('.sidebar').boundingBox())?.x ?? 0;
  const box = await page.locator('.monaco-sash.vertical').nth(1).boundingBox();
  if (box === null) throw new Error('There is no sash.');
  await page.mouse.move(box.x + 2, 500);
  await page.mouse.down();
  await page.mouse.move(left + width, 500, { steps: 5 });
  await page.mouse.up();
  await page.mouse.move(900, 300);
}
