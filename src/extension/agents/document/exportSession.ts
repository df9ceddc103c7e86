import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { l10n, Uri, window, workspace } from 'vscode';
import { stripControls } from '../../../core/safeText';
import { redact } from '../../../core/redact';
import { agentName } from '../agentText';
import type { LiveAgent } from '../liveAgent';
import { sessionParts } from '../sessionText';

/** Saves a session as Markdown, without what looks like a secret or is known to be one. */
export async function exportSession(
  agent: LiveAgent,
  devbox: string,
  knownSecrets: { all(): Promise<readonly string[]> },
): Promise<void> {
  const name = `${agentName(agent)}-${devbox}`.replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-');
  const defaultUri = Uri.file(join(homedir(), `${name}.md`));
  const target = await window.showSaveDialog({ defaultUri, filters: { Markdown: ['md'] } });
  if (target === undefined) return;
  const bytes = Buffer.from(sessionMarkdown(agent, devbox, await knownSecrets.all()));
  await (target.scheme === 'file' ? writeFile(target.fsPath, bytes) : workspace.fs.writeFile(target, bytes));
  await window.showInformationMessage(l10n.t('The session was exported. Known secrets in it were replaced.'));
}

/** A session as Markdown: our words as headings, all that others wrote in fences. @param secrets values that are taken out */
function sessionMarkdown(agent: LiveAgent, devbox: string, secrets: readonly string[]): string {
  const clean = (text: string): string => stripControls(redact(text, secrets));
  const { head, parts } = sessionParts(agent, devbox);
  const [title = '', ...facts] = head;
  const blocks = [`# ${inHeading(clean(title))}`, ...facts.map((fact) => inHeading(clean(fact)))];
  for (const { lines } of parts) {
    const [first = '', ...rest] = lines;
    blocks.push(`## ${inHeading(clean(first.replace(/^── /, '')))}`);
    if (rest.length > 0) blocks.push(fenced(clean(rest.map((line) => line.replace(/^ {2}/, '')).join('\n'))));
  }
  return `${blocks.join('\n\n')}\n`;
}

/** A line in which nothing is formatted, linked or loaded. */
function inHeading(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]()<>#+!|~&]/g, '\\$&')
    .replaceAll(/https?:/g, (scheme) => `${scheme.slice(0, -1)}\\:`);
}

/** A text between fences longer than any in it. */
function fenced(text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
