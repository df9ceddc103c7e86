import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach } from 'mocha';
import type { RunloopApi } from '../../src/core/platform/runloopApi';
import { activate, type ActivationContext } from '../../src/extension';
import type { RunloopDevboxesApi } from '../../src/extension/api/runloopDevboxesApi';
import type { TestPlatform } from '../platform/testPlatform';
import { usePlatform } from '../platform/usePlatform';
import { useFakeEditor, type FakeEditor } from './fakeEditor';
import { Uri } from './values';

/** The window of a test; it exists in tests only. */
export interface UsedWindow {
  readonly editor: FakeEditor;
  readonly platform: TestPlatform;
  /** The platform's API, for what a test arranges and looks up. */
  readonly api: RunloopApi;
  /** What the extension gave to other extensions when it was activated. */
  readonly extension: RunloopDevboxesApi;
}

/**
 * Gives each test of a `describe` a window with the whole extension, activated, in a fake editor, and all of them one local
 * platform.
 *
 * @param options.isSignedIn whether somebody has signed in to the platform; default true
 * @param options.platform further arguments of the platform's program
 */
export function useWindow({
  isSignedIn = true,
  platform: args = [],
}: { readonly isSignedIn?: boolean; readonly platform?: readonly string[] } = {}): UsedWindow {
  const used = usePlatform(...args);
  const open: { subscriptions: { dispose(): unknown }[]; extension: RunloopDevboxesApi | undefined } = {
    subscriptions: [],
    extension: undefined,
  };
  // Before the editor is checked, as a failed check ends the hooks.
  afterEach(() => {
    for (const one of open.subscriptions.splice(0).reverse()) one.dispose();
  });
  const current = useFakeEditor();
  beforeEach(async () => {
    const { editor } = current;
    editor.settings.set('runloop.baseUrl', used.platform.baseUrl);
    const context = contextOf(editor);
    open.subscriptions = context.subscriptions;
    open.extension = activate(context);
    if (isSignedIn) await signIn(editor, used.platform.apiKey);
    editor.messages.length = 0;
  });
  return {
    get editor() {
      return current.editor;
    },
    get platform() {
      return used.platform;
    },
    get api() {
      return used.api;
    },
    get extension() {
      if (open.extension === undefined) throw new Error('There is no window; it exists in tests only.');
      return open.extension;
    },
  };
}

/** Signs in as a person does. */
export async function signIn(editor: FakeEditor, apiKey: string): Promise<void> {
  editor.answer(/^Sign In to Runloop/, apiKey);
  await editor.run('runloop.signIn');
}

function contextOf(editor: FakeEditor): ActivationContext {
  const folder = mkdtempSync(join(tmpdir(), 'window-'));
  return {
    secrets: editor.secrets,
    globalState: editor.globalState,
    workspaceState: editor.workspaceState,
    globalStorageUri: Uri.file(join(folder, 'global')),
    logUri: Uri.file(join(folder, 'logs')),
    extensionPath: resolve('.'),
    asAbsolutePath: (path) => resolve(path),
    subscriptions: [],
    extension: { packageJSON: { version: '0.0.0' } },
  };
}
