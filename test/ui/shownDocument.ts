import type { ExtensionApi } from './extensionApi';

/** What a person reads in the active editor's document, whole. */
export interface ShownDocument {
  readonly text: string;
  readonly label: string;
  readonly language: string;
  readonly isDirty: boolean;
  readonly cursorLine: number;
  readonly firstVisible: number;
  readonly lastVisible: number;
  readonly lines: number;
}

/** Asks the editor, as the page draws the lines in view only. */
export async function shownDocument(api: ExtensionApi): Promise<ShownDocument> {
  return api.evaluate((vscode) => {
    const editor = vscode.window.activeTextEditor;
    const document = editor?.document;
    return {
      text: document?.getText() ?? '',
      label: vscode.window.tabGroups.activeTabGroup.activeTab?.label ?? '',
      language: document?.languageId ?? '',
      isDirty: document?.isDirty ?? true,
      cursorLine: editor?.selection.active.line ?? -1,
      firstVisible: editor?.visibleRanges[0]?.start.line ?? -1,
      lastVisible: editor?.visibleRanges.at(-1)?.end.line ?? -1,
      lines: document?.lineCount ?? 0,
    };
  });
}
