import { env, l10n, window, workspace } from 'vscode';
import { diagnosisMarkdown, diagnosisTitle } from '../../core/diagnosis';
import { devboxFor, type DevboxSources } from '../devboxes/pickDevbox';
import { unlessAborted } from '../messages/cancellation';
import { whenSlow } from '../messages/whenSlow';
import type { KnownSecrets } from '../session/knownSecrets';
import { StopDocuments } from './stopDocuments';
import { evidenceOf, type StopSources } from './stopText';

/** Milliseconds that the evidence may take: a long log comes as a whole. */
const evidenceLimitMs = 240_000;

function lookingText(): string {
  return l10n.t('Finding out why it stopped…');
}

/** Opens the document that says why a devbox stopped, made anew if it is open already. */
export async function whyDidItStop(
  {
    account,
    store,
    stopDocuments,
    tree,
  }: DevboxSources & {
    readonly stopDocuments: StopDocuments;
    readonly tree: { seen(devboxId: string): Promise<void> };
  },
  argument: unknown,
): Promise<void> {
  const devbox = await devboxFor({ account, store }, argument, {
    placeHolder: l10n.t('Select a devbox to find out why it stopped'),
    stopped: true,
  });
  if (devbox === undefined) return;
  const uri = StopDocuments.uri(devbox.id, diagnosisTitle(devbox, l10n));
  const isOpen = workspace.textDocuments.some((document) => document.uri.toString() === uri.toString());
  if (isOpen) stopDocuments.refresh(uri);
  const document = await whenSlow((signal) => unlessAborted(workspace.openTextDocument(uri), signal, devbox.id), {
    title: lookingText(),
    limitMs: evidenceLimitMs,
  });
  await window.showTextDocument(document, { preview: true });
  await tree.seen(devbox.id);
}

/** Copies why a devbox stopped as Markdown, in English, for an issue report. */
export async function copyWhyItStopped(
  {
    account,
    store,
    knownSecrets,
    endedHere,
  }: DevboxSources & { readonly knownSecrets: KnownSecrets; readonly endedHere: StopSources['endedHere'] },
  argument: unknown,
): Promise<void> {
  const shown = StopDocuments.devboxId(argument);
  const devbox =
    shown ??
    (
      await devboxFor({ account, store }, argument, {
        placeHolder: l10n.t('Select a devbox to find out why it stopped'),
        stopped: true,
      })
    )?.id;
  if (devbox === undefined) return;
  const evidence = await whenSlow((signal) => evidenceOf({ account, knownSecrets, endedHere }, devbox, signal), {
    title: lookingText(),
    limitMs: evidenceLimitMs,
  });
  await env.clipboard.writeText(diagnosisMarkdown(evidence));
  window.setStatusBarMessage(l10n.t('$(check) Copied as Markdown. Review it before you publish it.'), 5_000);
}
