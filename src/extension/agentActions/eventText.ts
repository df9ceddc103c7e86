import { l10n } from 'vscode';
import type { Action } from '../../core/actionServer/actions';
import type { StreamEvent } from '../../core/actionServer/eventStream';
import { isRunObservation, observationIs, type Observation } from '../../core/actionServer/observation';
import { asString } from '../../core/parse';
import { oneLine } from '../../core/safeText';
import { clockText } from '../messages/editorsLanguage';

/** An event as its document shows it: one line that tells what it is, and its text. Nothing of it is redacted yet. */
export interface EventText {
  readonly head: string;
  readonly body: string;
}

/** Characters of one text that are shown from its beginning and from its end. */
const shownCharacters = [60_000, 20_000] as const;

/** What the document says of an event. */
export function eventText(event: StreamEvent): EventText {
  const time = clockText(event.timestampMs);
  const head = (...parts: readonly string[]): string =>
    [`#${String(event.id)}`, ...parts.filter((part) => part !== ''), time].join(' · ');
  switch (event.kind) {
    case 'action':
      return {
        head: head(l10n.t('action {0}', word(event.action.action)), timeoutText(event.action)),
        body: shortened(actionText(event.action)),
      };
    case 'observation': {
      const { observation, cause, late } = event;
      return {
        head: head(
          l10n.t('observation {0} of #{1}', word(observation.type), cause),
          outcome(observation),
          late === true ? l10n.t('late') : '',
        ),
        body: shortened(observationText(observation)),
      };
    }
    case 'status':
      return { head: head(l10n.t('status {0}', event.status)), body: event.message ?? '' };
  }
}

function word(text: string): string {
  return oneLine(text, 40);
}

function timeoutText({ timeout }: Action): string {
  return timeout === undefined ? '' : l10n.t('timeout {0} s', timeout);
}

/** What an action does, as a person would write it; of other types, their arguments. */
function actionText({ action, args }: Action): string {
  const fields: Readonly<Record<string, unknown>> = { ...args };
  const main = { run: 'command', run_ipython: 'code', read: 'path', browse: 'url' }[action];
  const text = main === undefined ? undefined : asString(fields[main]);
  if (main === undefined || text === undefined) return JSON.stringify(fields, undefined, 2);
  const others = Object.entries(fields).filter(([name]) => name !== main);
  return others.length === 0 ? text : `${text}\n${JSON.stringify(Object.fromEntries(others))}`;
}

function outcome(observation: Observation): string {
  if (isRunObservation(observation)) {
    const { exitCode, workingDirectory = '' } = observation;
    const end = exitCode === -1 ? l10n.t('no exit code') : l10n.t('exit code {0}', exitCode);
    return [end, oneLine(workingDirectory, 80)].filter((part) => part !== '').join(' · ');
  }
  if (observationIs(observation, 'read') || observationIs(observation, 'write')) return oneLine(observation.path, 80);
  if (observationIs(observation, 'edit')) {
    return [observation.failed ? l10n.t('failed') : '', oneLine(observation.path, 80)].filter(Boolean).join(' · ');
  }
  if (observationIs(observation, 'browse')) return observation.failed ? l10n.t('failed') : '';
  return '';
}

function observationText(observation: Observation): string {
  const { content } = observation;
  if (isRunObservation(observation)) return `${observation.prefix}${content}${observation.suffix}`.trim();
  if (observationIs(observation, 'edit')) return [content, observation.diff].filter((part) => part !== '').join('\n\n');
  if (observationIs(observation, 'run_ipython')) {
    const pictures = observation.imageUrls.length;
    return pictures === 0 ? content : `${content}\n${l10n.t('Pictures: {0}', pictures)}`;
  }
  if (observationIs(observation, 'download')) return [content, observation.filePath].join('\n');
  return content === '' ? observation.message : content;
}

/** Pictures by their size, and the middle of what is very long left out. */
function shortened(text: string): string {
  const readable = text.replace(
    /data:([a-z]+\/[\w.+-]+);base64,([A-Za-z0-9+/=]{200,})/g,
    (_all, type: string, data: string) => l10n.t('[{0}, {1} kB]', type, Math.ceil((data.length * 3) / 4000)),
  );
  const [first, last] = shownCharacters;
  const left = readable.length - first - last;
  if (left <= 0) return readable;
  const gap = l10n.t('… {0} characters are left out.', left);
  return `${readable.slice(0, first)}\n${gap}\n${readable.slice(-last)}`;
}
