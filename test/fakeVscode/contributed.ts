// What extensions add to the editor beside its windows: languages, comments, source control, marks at lines.
import type * as vscode from 'vscode';
import { fakeEditor, type FakeEditor } from './fakeEditor';
import { createController, nothing } from './openDocuments';

export const languages: Pick<typeof vscode.languages, 'registerDocumentLinkProvider' | 'registerCodeLensProvider'> = {
  registerCodeLensProvider: (selector, provider) => {
    fakeEditor().codeLenses.set((selector as vscode.DocumentFilter).scheme ?? '', provider);
    return nothing;
  },
  registerDocumentLinkProvider: () => nothing,
};

export const comments: Pick<typeof vscode.comments, 'createCommentController'> = {
  createCommentController: (id, label) => createController(fakeEditor(), id, label),
};

export const extensions: Pick<typeof vscode.extensions, 'getExtension'> = {
  getExtension: (id: string): never => {
    const { extensions: known } = fakeEditor();
    return (known.has(id) ? { id, packageJSON: known.get(id) } : undefined) as never;
  },
};

/** A repository in Source Control, as far as it was shown. */
export interface FakeSourceControl extends vscode.SourceControl {
  readonly groups: vscode.SourceControlResourceGroup[];
  isDisposed: boolean;
}

interface Added {
  readonly sourceControls: FakeSourceControl[];
  /** What gives files letters and colours. */
  readonly decorations: vscode.FileDecorationProvider[];
  /** What was asked for, by the type that was made of it. */
  readonly decorationTypes: Map<vscode.TextEditorDecorationType, vscode.DecorationRenderOptions>;
}

const all = new WeakMap<FakeEditor, Added>();

/** What extensions have added to an editor. */
export function addedTo(editor: FakeEditor): Added {
  const known = all.get(editor) ?? { sourceControls: [], decorations: [], decorationTypes: new Map() };
  all.set(editor, known);
  return known;
}

export function createDecorationType(
  editor: FakeEditor,
  options: vscode.DecorationRenderOptions,
): vscode.TextEditorDecorationType {
  const { decorationTypes } = addedTo(editor);
  const type = { key: String(decorationTypes.size), dispose: () => void decorationTypes.delete(type) };
  decorationTypes.set(type, options);
  return type;
}

export const scm: Pick<typeof vscode.scm, 'createSourceControl'> = {
  createSourceControl: (id, label, rootUri) => {
    const groups: vscode.SourceControlResourceGroup[] = [];
    const { sourceControls } = addedTo(fakeEditor());
    const inputBox: vscode.SourceControlInputBox = { value: '', placeholder: '', enabled: true, visible: true };
    const control: FakeSourceControl = {
      id,
      label,
      rootUri,
      inputBox,
      groups,
      isDisposed: false,
      createResourceGroup: (groupId, groupLabel) => {
        const group = { id: groupId, label: groupLabel, resourceStates: [], dispose: () => undefined };
        groups.push(group);
        return group;
      },
      dispose: () => {
        control.isDisposed = true;
        sourceControls.splice(sourceControls.indexOf(control), 1);
      },
    };
    sourceControls.push(control);
    return control;
  },
};
