import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';

const extensionId = 'runloop-devboxes.runloop-devboxes';

describe('activation', () => {
  it('activates the extension', async () => {
    const extension = vscode.extensions.getExtension(extensionId);
    assert.ok(extension, `${extensionId} is not installed`);
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  it('registers every command that the manifest contributes', async () => {
    const extension = vscode.extensions.getExtension(extensionId);
    assert.ok(extension);
    await extension.activate();
    const manifest: unknown = JSON.parse(
      readFileSync(vscode.Uri.joinPath(extension.extensionUri, 'package.json').fsPath, 'utf8'),
    );
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = contributedCommands(manifest).filter((command) => !registered.has(command));
    assert.deepEqual(missing, []);
  });
});

function contributedCommands(manifest: unknown): string[] {
  const contributes = property(manifest, 'contributes');
  const commands = property(contributes, 'commands');
  return Array.isArray(commands) ? commands.map((entry) => String(property(entry, 'command'))) : [];
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}
