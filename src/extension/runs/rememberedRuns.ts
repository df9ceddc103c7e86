import { l10n, type Memento, Uri } from 'vscode';
import { asArray, asObject, asString } from '../../core/parse';
import { openRunsKey } from '../commandIds';
import { headOf, type CommandRun } from './commandRuns';

/** Runs that are kept, characters of a command, and devboxes of a run. */
const mostRuns = 20;
const longestCommand = 4_000;
const mostDevboxes = 100;
/** Characters of how it ended. */
const longestEnd = 300;

/** A run whose document a window had before its reload: what it was, and nothing of what it has printed. */
export interface EarlierRun {
  readonly uri: Uri;
  /** As it was shown: without what is known to be secret, and without the end of a long one. */
  readonly shown: string;
  /** What it was for, where that was shown instead. */
  readonly title?: string;
  /** Whether that is all of it, so that it can be run again. */
  readonly isWhole: boolean;
  /** The API that its devboxes belong to. */
  readonly baseUrl: string;
  readonly parts: readonly {
    readonly devboxId: string;
    readonly name: string;
    /** How it ended, in words; undefined if it was running. */
    readonly end: string | undefined;
  }[];
}

/** Which runs the window has documents of, kept over reloads: the editor brings none of these back by itself. */
export class RememberedRuns {
  readonly #memory: Memento;

  /** @param memory of this window */
  constructor(memory: Memento) {
    this.#memory = memory;
  }

  all(): readonly EarlierRun[] {
    return asArray(this.#memory.get<unknown>(openRunsKey)).flatMap((value) => {
      const entry = asObject(value);
      const [address, shown, baseUrl] = ['address', 'shown', 'baseUrl'].map((name) => asString(entry?.[name]));
      if (address === undefined || shown === undefined || baseUrl === undefined) return [];
      const parts = asArray(entry?.['parts']).flatMap((each) => {
        const part = asObject(each);
        const [devboxId, name, end] = ['devboxId', 'name', 'end'].map((of) => asString(part?.[of]));
        return devboxId === undefined || name === undefined ? [] : [{ devboxId, name, end }];
      });
      const title = asString(entry?.['title']);
      const isWhole = entry?.['isWhole'] === true;
      return [{ uri: Uri.parse(address, true), shown, isWhole, baseUrl, parts, ...(title !== undefined && { title }) }];
    });
  }

  /** Keeps what a run is by now. */
  note(run: CommandRun): Thenable<void> {
    const { command, shown, account, uri, title } = run;
    const isWhole = shown === command && shown.length <= longestCommand;
    const parts = run.ends().slice(0, mostDevboxes);
    const cut = parts.map(({ end, ...part }) => ({
      ...part,
      ...(end === undefined ? {} : { end: end.slice(0, longestEnd) }),
    }));
    const address = uri.toString();
    const noted = { address, shown: shown.slice(0, longestCommand), isWhole, baseUrl: account.baseUrl, parts: cut };
    const named = title === undefined ? noted : { ...noted, title };
    return this.#store([...this.#without(uri), named].slice(-mostRuns));
  }

  forget(uri: Uri): Thenable<void> {
    return this.#store(this.#without(uri));
  }

  #without(uri: Uri): readonly unknown[] {
    const all = asArray(this.#memory.get<unknown>(openRunsKey));
    return all.filter((value) => asObject(value)?.['address'] !== uri.toString());
  }

  #store(runs: readonly unknown[]): Thenable<void> {
    return this.#memory.update(openRunsKey, runs.length === 0 ? undefined : runs);
  }
}

/** The document of such a run. */
export function earlierText(run: EarlierRun): string {
  const { parts, isWhole } = run;
  const groups = parts.map(
    ({ devboxId, name, end }) =>
      `── ${name} (${devboxId}) ── ${end ?? l10n.t('was running when this window was reloaded')}`,
  );
  const where = l10n.t('… This window was reloaded after that. The output is in the log of the devbox.');
  const again = isWhole ? [] : [notWhole()];
  return `${headOf(run)}\n\n${[...groups, '', where, ...again].join('\n')}\n`;
}

/** Why a run of earlier cannot be run again. */
export function notWhole(): string {
  return l10n.t('… The whole command was not kept, as it is long or has a secret in it. Type it again to run it.');
}
