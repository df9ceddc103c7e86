import pLimit from 'p-limit';
import { l10n, Uri } from 'vscode';
import { linkSignals, whenEnded } from '../../ground/deadline';
import { isSent, isTransient, RuntimeError } from '../../core/errors';
import type { LineGroup } from '../../core/logs/lineGroups';
import { oneLine } from '../../core/safeText';
import type { Devbox } from '../../core/platform/devbox';
import { redact } from '../../core/redact';
import { runCommandShown } from '../../core/runs/commandRun';
import type { SignedIn } from '../account/account';
import { devboxName, durationText } from '../devboxes/devboxText';
import { failureText } from '../messages/showFailure';
import type { KnownSecrets } from '../session/knownSecrets';

/** Devboxes in which a command runs at the same time. */
const atOnce = 10;
/** Characters of a devbox's output, and of all of them, that the document keeps; their logs have all. */
const keptOfOne = 400_000;
const keptOfAll = 2_000_000;
/** The share of these that it may keep beyond, before the oldest go. */
const spare = 0.1;
/** Milliseconds between two signs that a devbox is in use while a command runs in it. */
const useMs = 10_000;

export const runScheme = 'runloop-run';

/** One devbox of a run. */
interface Part {
  readonly devbox: Devbox;
  readonly lines: string[];
  characters: number;
  dropped: number;
  /** Its output comes at its end. */
  isLate: boolean;
  /** Runloop has given only the last part of its output. */
  isCut: boolean;
  startedMs: number | undefined;
  /** Why it could not be stopped, in words; it may run until it is stopped once more. */
  notStopped: string | undefined;
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
  /** The command as it is shown. */
  readonly shown: string;
  /** What it is for, where nobody has typed it: shown instead of it. */
  readonly title: string | undefined;
  readonly #parts: readonly Part[];
  readonly #onChange: () => void;
  readonly #stop = new AbortController();
  /** Wake whoever could not end the command. */
  #again: (() => void)[] = [];
  /** Told whether it could be ended. */
  readonly #stopping: ((isOver: boolean) => void)[] = [];
  #isOver = false;
  #status: number | undefined;

  /**
   * @param number tells the documents of a window apart
   * @param options.secrets what is known that must not be shown, also where the person has typed it
   */
  constructor(
    number: number,
    command: string,
    {
      account,
      devboxes,
      secrets = [],
      title,
    }: {
      readonly account: SignedIn;
      readonly devboxes: readonly Devbox[];
      readonly secrets?: readonly string[];
      readonly title?: string | undefined;
    },
    onChange: () => void,
  ) {
    this.command = command;
    this.shown = redact(command, secrets);
    this.account = account;
    this.devboxes = devboxes;
    this.#onChange = onChange;
    this.title = title;
    // Half a character, which a text may have, is nothing that an address can hold.
    const name = Buffer.from(oneLine(title ?? this.shown, 40))
      .toString()
      .replaceAll('/', '∕');
    this.uri = Uri.from({ scheme: runScheme, path: `/${name}`, query: String(number) });
    this.#parts = devboxes.map((devbox) => ({
      devbox,
      lines: [],
      characters: 0,
      dropped: 0,
      isLate: false,
      isCut: false,
      startedMs: undefined,
      notStopped: undefined,
      end: undefined,
    }));
  }

  /** Its exit code in the last devbox where it ended; undefined if it was stopped, or Runloop does not tell. */
  get status(): number | undefined {
    return this.#status;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether somebody has asked to end it. */
  get isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** The end of what it has printed, as it is shown. */
  get output(): string {
    return this.#parts.map(({ lines }) => lines.join('\n')).join('\n');
  }

  /** Ends the command wherever it runs; once more where that has failed. @returns whether it is over: false where it may still run */
  async stop(): Promise<boolean> {
    if (this.#isOver) return true;
    const stopped = new Promise<boolean>((resolve) => this.#stopping.push(resolve));
    this.#stop.abort();
    for (const again of this.#again.splice(0)) again();
    return stopped;
  }

  #hasStopped(isOver: boolean): void {
    for (const tell of this.#stopping.splice(0)) tell(isOver);
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
    const runIn = async (part: Part): Promise<void> => {
      const { devbox } = part;
      if (both.signal.aborted) {
        part.end = l10n.t('not started');
        return;
      }
      part.startedMs = Date.now();
      devboxUse.used(devbox.id);
      const using = setInterval(() => {
        if (!both.signal.aborted) devboxUse.used(devbox.id);
      }, useMs);
      const start = { isDone: false };
      try {
        const status = await runCommandShown(api, devbox.id, this.command, {
          signal: both.signal,
          secrets: knownSecrets.forLines(api, devbox),
          show: (groups) => this.#show(part, groups),
          onLess: (less) => {
            if (less === 'late') part.isLate = true;
            else part.isCut = true;
            this.#onChange();
          },
          onStarted: () => (start.isDone = true),
          onNotEnded: async (error) => this.#isStoppedAgain(part, error),
        });
        this.#status = status;
        part.end = status === undefined ? l10n.t('ended') : l10n.t('exit code {0}', status);
      } catch (error) {
        // What was asked for may have been done without an answer.
        const isUnknown = !start.isDone && isTransient(error) && isSent(error);
        if (RuntimeError.is(error, 'cancelled')) part.end = l10n.t('stopped');
        else if (isUnknown) part.end = l10n.t('may be running all the same: {0}', failureText(error));
        else if (start.isDone) part.end = part.notStopped ?? endUnknown(error);
        else part.end = failureText(error);
      } finally {
        clearInterval(using);
      }
      part.end = l10n.t('{0} after {1}', part.end, secondsText(Date.now() - part.startedMs));
      this.#onChange();
    };
    this.#onChange();
    await pLimit(atOnce).map(this.#parts, runIn);
    both.dispose();
    this.#isOver = true;
    this.#hasStopped(true);
    this.#onChange();
  }

  /** Each devbox, and how the command ended there, in words; undefined where it has not. */
  ends(): readonly { readonly devboxId: string; readonly name: string; readonly end: string | undefined }[] {
    return this.#parts.map(({ devbox, end }) => ({
      devboxId: oneLine(devbox.id, 60),
      name: devboxName(devbox),
      end: end === undefined ? undefined : oneLine(end, 300),
    }));
  }

  /** The document as it is now: a group for each devbox. */
  text(): string {
    const groups = this.#parts.map((part) => {
      const { devbox, startedMs, end, notStopped, lines } = part;
      const state = end ?? notStopped ?? (startedMs === undefined ? l10n.t('waiting…') : l10n.t('running…'));
      const head = `── ${devboxName(devbox)} (${oneLine(devbox.id, 60)}) ── ${state}`;
      return [head, ...less(part), ...lines].join('\n');
    });
    return `${headOf(this)}\n\n${groups.join('\n\n')}\n`;
  }

  /** Waits until it is stopped once more. @returns false if the window leaves the account: nobody can stop it then */
  async #isStoppedAgain(part: Part, error: unknown): Promise<boolean> {
    const { ended } = this.account;
    this.#hasStopped(false);
    part.notStopped = l10n.t('not stopped, and may still be running: {0}', failureText(error));
    this.#onChange();
    if (!ended.aborted) {
      const waited = new AbortController();
      await new Promise<void>((resolve) => {
        this.#again.push(resolve);
        whenEnded(ended, resolve, waited.signal);
      });
      waited.abort();
    }
    if (ended.aborted) return false;
    part.notStopped = undefined;
    this.#onChange();
    return true;
  }

  #show(part: Part, groups: readonly LineGroup[]): void {
    for (const { text } of groups) {
      part.lines.push(text);
      part.characters += text.length + 1;
    }
    const kept = Math.min(keptOfOne, keptOfAll / this.#parts.length);
    if (part.characters > kept * (1 + spare)) dropOldest(part, kept);
    this.#onChange();
  }
}

/** What was run, as the first line of its document. */
export function headOf({ title, shown }: { readonly title?: string | undefined; readonly shown: string }): string {
  return title === undefined ? `$ ${shown}` : oneLine(title, 200);
}

/** Of a command that has run: what to do where a request was refused, such as to send it again, is no advice for it. */
function endUnknown(error: unknown): string {
  const happened = RuntimeError.is(error)
    ? new RuntimeError({ problem: { ...error.problem, id: 'end_unknown', nextStep: '' }, cause: error })
    : error;
  return l10n.t('how it ended is not known: {0}', failureText(happened));
}

/** What is said where less than all of its output is shown. */
function less({ isLate, isCut, dropped, end }: Part): readonly string[] {
  if (isLate && end === undefined) return [l10n.t('… Runloop shows the output of this command when it has ended.')];
  if (isCut) return [l10n.t('… The lines before these are in the log of the devbox.')];
  if (dropped === 1) return [l10n.t('… 1 earlier line is in the log of the devbox.')];
  return dropped === 0 ? [] : [l10n.t('… {0} earlier lines are in the log of the devbox.', dropped)];
}

/** Many at a time: taking each from the front of a long list would move all the others. */
function dropOldest(part: Part, kept: number): void {
  let count = 0;
  for (; part.characters > kept && count < part.lines.length - 1; count += 1) {
    part.characters -= (part.lines[count]?.length ?? 0) + 1;
  }
  part.lines.splice(0, count);
  part.dropped += count;
}

function secondsText(ms: number): string {
  return ms < 60_000 ? l10n.t('{0} s', (ms / 1000).toFixed(1)) : durationText(ms / 1000);
}
