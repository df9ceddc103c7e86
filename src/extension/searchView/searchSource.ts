import type { Event, TreeItem } from 'vscode';
import type { Disposable } from '../../core/events';

/** A line that was found. */
export interface SearchLine {
  readonly item: () => TreeItem;
}

/** Where a group stands among the others. */
export type SearchSection = 'found' | 'remarked' | 'searched' | 'nothing';

/** What was found in one log, or in one file. */
export interface SearchGroup {
  /** As no other group has it. */
  readonly key: string;
  readonly section: SearchSection;
  readonly lines: readonly SearchLine[];
  /** What is to be said about the search in it beside what was found. */
  readonly remarks: readonly string[];
  /** Its row, but for what the view adds: whether it is open. */
  readonly item: () => TreeItem;
}

/** A search as the view shows it. */
export interface SearchSource extends Disposable {
  /** What is searched: the view offers another search of that kind. */
  readonly kind: 'logs' | 'files';
  /** The view's title while it shows this. */
  readonly title: string;
  /** What was looked for. */
  readonly sought: string;
  /** In their order. */
  readonly groups: readonly SearchGroup[];
  /** Groups that are open when they come in. */
  readonly openAtOnce: number;
  /** How far it is. */
  readonly message: () => string;
  /** What is said of groups in which nothing was found. */
  readonly nothingIn: (count: number) => string;
  /** Tells which groups are new or different. */
  readonly onDidChange: Event<readonly SearchGroup[]>;
  /** Ends the search; what was found stays. */
  stop(): void;
}
