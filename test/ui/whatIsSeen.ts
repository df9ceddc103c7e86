import { readFile, readdir } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { basename, join } from 'node:path';
import type { Page } from 'playwright-core';

/** Where the texts are that tell how far a window has come. */
const places = {
  rows: '.sidebar .monaco-list-row',
  messages: '.notifications-toasts .notification-list-item-message',
  dialog: '.monaco-dialog-box',
  'quick input': '.quick-input-widget',
  menu: '.context-view .monaco-menu .action-item',
  tabs: '.tabs-container .tab',
} as const;

/** The newest lines of a log. */
const mostLines = 25;

/** What a page shows, as text, a line each: where a failure is seen elsewhere, its pictures often are not. */
export async function whatIsSeen(page: Page): Promise<string> {
  const lines = [`${page.url().split('?', 1).join('')} ${await page.title()}`];
  for (const [name, selector] of Object.entries(places)) {
    const texts = await page.locator(selector).filter({ visible: true }).allInnerTexts();
    lines.push(`${name}: ${texts.map((text) => text.replace(/\s+/g, ' ').trim()).join(' | ')}`);
  }
  return lines.join('\n');
}

/** The newest lines of our own log in VS Code's folder of logs; empty where there is none. */
export async function ownLog(logsDir: string): Promise<string> {
  const names = await readdir(logsDir, { recursive: true });
  const own = names.filter((name) => /runloop/i.test(basename(name)) && name.endsWith('.log'));
  const texts = await Promise.all(own.map((name) => readFile(join(logsDir, name), 'utf8')));
  return texts.map((text) => text.trimEnd().split('\n').slice(-mostLines).join('\n')).join('\n');
}

/** How busy the computer is: load, and how long programs wait for processor, disk and memory where Linux tells it. */
export async function howBusy(): Promise<string> {
  const pressures = await Promise.all(
    ['cpu', 'io', 'memory'].map(async (what) => {
      const text = await readFile(`/proc/pressure/${what}`, 'utf8').catch((error: unknown) => String(error));
      return `${what} ${text.split('\n')[0] ?? ''}`;
    }),
  );
  return [`load ${loadavg().join(' ')}`, ...pressures].join('; ');
}
