// The editor's enums, which its types only declare. That a name is missing or has another number, the compiler says.
import type * as vscode from 'vscode';

export const ProgressLocation: typeof vscode.ProgressLocation = { SourceControl: 1, Window: 10, Notification: 15 };
export const StatusBarAlignment: typeof vscode.StatusBarAlignment = { Left: 1, Right: 2 };
export const QuickPickItemKind: typeof vscode.QuickPickItemKind = { Separator: -1, Default: 0 };
export const InputBoxValidationSeverity: typeof vscode.InputBoxValidationSeverity = { Info: 1, Warning: 2, Error: 3 };
export const QuickInputButtonLocation: typeof vscode.QuickInputButtonLocation = { Title: 1, Inline: 2, Input: 3 };
export const ConfigurationTarget: typeof vscode.ConfigurationTarget = { Global: 1, Workspace: 2, WorkspaceFolder: 3 };
export const TreeItemCollapsibleState: typeof vscode.TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
export const UIKind: typeof vscode.UIKind = { Desktop: 1, Web: 2 };
export const LogLevel: typeof vscode.LogLevel = { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 };
export const ViewColumn: typeof vscode.ViewColumn = {
  Active: -1,
  Beside: -2,
  One: 1,
  Two: 2,
  Three: 3,
  Four: 4,
  Five: 5,
  Six: 6,
  Seven: 7,
  Eight: 8,
  Nine: 9,
};
export const TextEditorRevealType: typeof vscode.TextEditorRevealType = {
  Default: 0,
  InCenter: 1,
  InCenterIfOutsideViewport: 2,
  AtTop: 3,
};
export const FileType: typeof vscode.FileType = { Unknown: 0, File: 1, Directory: 2, SymbolicLink: 64 };
export const FilePermission: typeof vscode.FilePermission = { Readonly: 1 };
export const FileChangeType: typeof vscode.FileChangeType = { Changed: 1, Created: 2, Deleted: 3 };
export const CommentMode: typeof vscode.CommentMode = { Editing: 0, Preview: 1 };
export const CommentThreadCollapsibleState: typeof vscode.CommentThreadCollapsibleState = { Collapsed: 0, Expanded: 1 };
export const CommentThreadState: typeof vscode.CommentThreadState = { Unresolved: 0, Resolved: 1 };
export const OverviewRulerLane: typeof vscode.OverviewRulerLane = { Left: 1, Center: 2, Right: 4, Full: 7 };
