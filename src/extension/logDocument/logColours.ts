import { Range, ThemeColor, window, type TextEditor, type TextEditorDecorationType } from 'vscode';
import type { Disposable } from '../../core/events';
import { lineLevels } from '../../core/logs/logFilter';
import type { LineLevel } from '../../core/logs/serverLine';

const colours: Readonly<Record<LineLevel, string>> = {
  error: 'editorError.foreground',
  warning: 'editorWarning.foreground',
  info: 'charts.green',
  debug: 'descriptionForeground',
};

/** Lines around those in view that are coloured with them. */
const margin = 100;

/** Time, level word and source at the beginning of a record. */
const head = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} )?\[(error|warning|info|debug)\] (\[[^\]]{1,40}\])?/;

/**
 * Colours times and levels of the lines that are in view. A grammar would have the editor colour half a million lines
 * while they come, and everything slow meanwhile.
 */
export class LogColours implements Disposable {
  readonly #dim = window.createTextEditorDecorationType({ color: new ThemeColor('descriptionForeground') });
  readonly #levels = new Map<LineLevel, TextEditorDecorationType>(
    lineLevels.map((level) => [
      level,
      window.createTextEditorDecorationType({ color: new ThemeColor(colours[level]) }),
    ]),
  );

  colour(editor: TextEditor): void {
    const { document } = editor;
    const dim: Range[] = [];
    const levels = new Map<string, Range[]>(lineLevels.map((level) => [level, []]));
    for (const visible of editor.visibleRanges) {
      const last = Math.min(visible.end.line + margin, document.lineCount - 1);
      for (let line = Math.max(0, visible.start.line - margin); line <= last; line += 1) {
        const [whole, time = '', level = '', source = ''] = head.exec(document.lineAt(line).text.slice(0, 100)) ?? [];
        if (whole === undefined) continue;
        if (time !== '') dim.push(new Range(line, 0, line, time.length));
        levels.get(level)?.push(new Range(line, time.length, line, time.length + level.length + 2));
        if (source !== '') dim.push(new Range(line, whole.length - source.length, line, whole.length));
      }
    }
    editor.setDecorations(this.#dim, dim);
    for (const [level, decoration] of this.#levels) editor.setDecorations(decoration, levels.get(level) ?? []);
  }

  dispose(): void {
    this.#dim.dispose();
    for (const decoration of this.#levels.values()) decoration.dispose();
  }
}
