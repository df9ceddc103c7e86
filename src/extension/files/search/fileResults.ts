import { EventEmitter, l10n, Range, ThemeIcon, TreeItem, type Uri } from 'vscode';
import type { FileMatch } from '../../../core/files/searchLines';
import { shownName } from '../../../core/files/pathText';
import { oneLine, stripControls } from '../../../core/safeText';
import type { SearchSection, SearchGroup, SearchLine, SearchSource } from '../../searchView/searchSource';

/** Milliseconds between two drawings of what comes in. */
const drawMs = 150;
/** Characters of a line before the hit that a row has room for. */
const before = 24;

/** What was found in one file. */
class FileMatches implements SearchGroup {
  readonly section: SearchSection = 'found';
  readonly remarks: readonly string[] = [];
  readonly lines: SearchLine[] = [];
  readonly #uri: Uri;
  /** Its path below the folder. */
  readonly shown: string;

  constructor(uri: Uri, shown: string) {
    this.#uri = uri;
    this.shown = shown;
  }

  get key(): string {
    return this.#uri.toString();
  }

  add(match: FileMatch): void {
    this.lines.push({ item: () => lineItem(this.#uri, match) });
  }

  item(): TreeItem {
    const at = this.shown.lastIndexOf('/') + 1;
    const item = new TreeItem(shownName(this.shown.slice(at)));
    item.description = [
      oneLine(shownName(this.shown.slice(0, Math.max(0, at - 1))), 200),
      this.lines.length.toLocaleString(),
    ]
      .filter((text) => text !== '')
      .join(' · ');
    item.tooltip = shownName(this.shown);
    item.resourceUri = this.#uri;
    item.iconPath = ThemeIcon.File;
    item.contextValue = 'fileSearch.file';
    return item;
  }
}

/** The results of a search in files while they come in. */
export class FileResults implements SearchSource {
  readonly kind = 'files';
  readonly openAtOnce = 20;
  readonly sought: string;
  readonly #folder: Uri;
  readonly #files = new Map<string, FileMatches>();
  readonly #changed = new EventEmitter<readonly SearchGroup[]>();
  readonly onDidChange = this.#changed.event;
  readonly #news = new Set<SearchGroup>();
  readonly #stop: () => void;
  #remark: string | undefined;
  #isSorted = false;
  #isRunning = true;
  #count = 0;
  #drawing: NodeJS.Timeout | undefined;

  /** @param stop ends the search */
  constructor(folder: Uri, sought: string, stop: () => void) {
    this.#folder = folder;
    this.sought = sought;
    this.#stop = stop;
  }

  get title(): string {
    return l10n.t('File Search');
  }

  get groups(): readonly SearchGroup[] {
    const files = [...this.#files.values()];
    if (!this.#isSorted) return files;
    const { compare } = new Intl.Collator(undefined, { numeric: true });
    return files.sort((one, other) => compare(one.shown, other.shown));
  }

  take(matches: readonly FileMatch[]): void {
    for (const match of matches) {
      let file = this.#files.get(match.path);
      if (file === undefined) {
        const root = this.#folder.path === '/' ? '/' : `${this.#folder.path}/`;
        file = new FileMatches(this.#folder.with({ path: match.path }), match.path.slice(root.length));
        this.#files.set(match.path, file);
      }
      file.add(match);
      this.#news.add(file);
      this.#count += 1;
    }
    this.#tell();
  }

  /**
   * The search is over. Its files are put in order then: programs that look into several at once find them in any.
   *
   * @param remark what is to be said of that
   */
  end(remark: string | undefined): void {
    this.#isRunning = false;
    this.#isSorted = true;
    this.#remark = remark;
    this.#tell();
  }

  message(): string {
    const count = this.#count.toLocaleString();
    const files = this.#files.size;
    const many =
      files === 1
        ? l10n.t('{0} lines found in 1 file', count)
        : l10n.t('{0} lines found in {1} files', count, files.toLocaleString());
    if (files === 0) return this.#isRunning ? l10n.t('Searching…') : (this.#remark ?? l10n.t('Nothing was found.'));
    const found = this.#count === 1 ? l10n.t('1 line found') : many;
    if (this.#isRunning) return l10n.t('{0}; searching…', found);
    // Above the rows: below thousands of them nobody would see it.
    return this.#remark === undefined ? l10n.t('{0}.', found) : l10n.t('{0}. {1}', found, this.#remark);
  }

  nothingIn(): string {
    return '';
  }

  stop(): void {
    this.#stop();
  }

  dispose(): void {
    clearTimeout(this.#drawing);
    this.#changed.dispose();
  }

  #tell(): void {
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      const news = [...this.#news];
      this.#news.clear();
      this.#changed.fire(news);
    }, drawMs);
  }
}

function lineItem(uri: Uri, { line, text, start, end }: FileMatch): TreeItem {
  const indent = /^\s*/.exec(text)?.[0].length ?? 0;
  const skipped = Math.min(indent, start);
  const from = start - skipped > before * 2 ? start - before : skipped;
  const lead = from > skipped ? '…' : '';
  const to = from + 400;
  // Piece by piece: what is taken out of a piece must not move the mark of the hit.
  const head = `${lead}${flat(text.slice(from, start))}`;
  const hit = flat(text.slice(start, Math.min(end, to)));
  const item = new TreeItem({
    label: `${head}${hit}${flat(text.slice(end, to)).trimEnd()}`,
    highlights: hit === '' ? [] : [[head.length, head.length + hit.length]],
  });
  item.description = (line + 1).toLocaleString();
  item.tooltip = oneLine(text, 1_000);
  item.accessibilityInformation = { label: l10n.t('line {0}: {1}', (line + 1).toLocaleString(), item.tooltip) };
  const selection = new Range(line, start, line, end);
  item.command = {
    command: 'vscode.open',
    title: l10n.t('Open File'),
    arguments: [uri, { selection, preserveFocus: true }],
  };
  return item;
}

/** A piece of a line without control codes, each run of blanks one blank. */
function flat(text: string): string {
  return stripControls(text).replace(/[\s\u2028\u2029]+/g, ' ');
}
