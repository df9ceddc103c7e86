import { l10n, Uri } from 'vscode';
import { linkSignals } from '../../ground/deadline';
import { RuntimeError } from '../../core/errors';
import type { LineGroup } from '../../core/logs/lineGroups';
import { oneLine } from '../../core/plainText';
import type { Devbox } from '../../core/platform/devbox';
import { redact } from '../../core/redact';
import { runCommandShown } from '../../core/runs/commandRun';
import type { SignedIn } from '../account/account';
import { devboxName, durationText } from '../devboxes/devboxText';
import { failureText } from '../messages/showFailure';
import type { KnownSecrets } from '../session/knownSecrets';

/** Devboxes in which a command runs at the same time. */
const atOnce = 10;
/** Characters of a devbox's output that the document keeps; its log has all. */
const keptCharacters = 400_000;
/** Milliseconds between two signs that a devbox is in use while a command runs in it. */
const useMs = 10_000;

export const runScheme = 'runloop-run';

/** One devbox of a run. */
interface Part {
  readonly devbox: Devbox;
  readonly lines: string[];
  characters: number;
  dropped: number;
  startedMs: number | undefined;
  /** How it ended, in words. */
  end: string | undefined;
}

/** A command that runs, or ran, in one or several devboxes, and the text of its document. */
export class CommandRun {
  readonly uri: Uri;
  readonly command: string;
  /** Whose devboxes they are. */
  readonly account: SignedIn;
  readonly devboxes: readonly Devbox[];
  readonly #parts: readonly Part[];
  readonly #onChange: () => void;
  readonly #stop = new AbortController();
  #isOver = false;

  /** @param number tells the documents of a window apart */
  constructor(
    number: number,
    command: string,
    { account, devboxes }: { readonly account: SignedIn; readonly devboxes: readonly Devbox[] },
    onChange: () => void,
  ) {
    this.command = command;
    this.account = account;
    this.devboxes = devboxes;
    this.#onChange = onChange;
    const name = oneLine(redact(command), 40).replaceAll('/', '∕');
    this.uri = Uri.from({ scheme: runScheme, path: `/${name}`, query: String(number) });
    this.#parts = devboxes.map((devbox) => ({
      devbox,
      lines: [],
      characters: 0,
      dropped: 0,
      startedMs: undefined,
      end: undefined,
    }));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends the command wherever it runs. */
  stop(): void {
    this.#stop.abort();
  }

  /** Runs it everywhere, some at once; failures are part of the document. */
  async run({
    knownSecrets,
    devboxUse,
  }: {
    readonly knownSecrets: KnownSecrets;
    readonly devboxUse: { used(id: string): void };
  }): Promise<void> {
    const { api, ended } = this.account;
    const both = linkSignals(ended, this.#stop.signal);
    const left = [...this.#parts];
    const worker = async (): Promise<void> => {
      for (let part = left.shift(); part !== undefined; part = left.shift()) {
        const { devbox } = part;
        if (both.signal.aborted) {
          part.end = l10n.t('not started');
          continue;
        }
        part.startedMs = Date.now();
        devboxUse.used(devbox.id);
        const using = setInterval(() => {
          if (!both.signal.aborted) devboxUse.used(devbox.id);
        }, useMs);
        try {
          const status = await runCommandShown(api, devbox.id, this.command, {
            signal: both.signal,
            secrets: knownSecrets.forLines(api, devbox),
            show: (groups) => this.#show(part, groups),
          });
          part.end = status === undefined ? l10n.t('ended') : l10n.t('exit code {0}', status);
        } catch (error) {
          part.end = RuntimeError.is(error, 'cancelled') ? l10n.t('stopped') : failureText(error);
        } finally {
          clearInterval(using);
        }
        part.end = l10n.t('{0} after {1}', part.end, secondsText(Date.now() - part.startedMs));
        this.#onChange();
      }
    };
    this.#onChange();
    await Promise.all(Array.from({ length: Math.min(atOnce, left.length) }, worker));
    both.dispose();
    this.#isOver = true;
    this.#onChange();
  }

  /** The document as it is now: a group for each devbox. */
  text(): string {
    const groups = this.#parts.map((part) => {
      const { devbox, startedMs, end, dropped, lines } = part;
      const state = end ?? (startedMs === undefined ? l10n.t('waiting…') : l10n.t('running…'));
      const head = `── ${devboxName(devbox)} (${oneLine(devbox.id, 60)}) ── ${state}`;
      const gap = dropped === 0 ? [] : [l10n.t('… {0} earlier lines are in the log of the devbox.', dropped)];
      return [head, ...gap, ...lines].join('\n');
    });
    return `$ ${redact(this.command)}\n\n${groups.join('\n\n')}\n`;
  }

  #show(part: Part, groups: readonly LineGroup[]): void {
    for (const { text } of groups) {
      part.lines.push(text);
      part.characters += text.length;
    }
    while (part.characters > keptCharacters && part.lines.length > 1) {
      part.characters -= part.lines.shift()?.length ?? 0;
      part.dropped += 1;
    }
    this.#onChange();
  }
}

function secondsText(ms: number): string {
  return ms < 60_000 ? l10n.t('{0} s', (ms / 1000).toFixed(1)) : durationText(ms / 1000);
}
