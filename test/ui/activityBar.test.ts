import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useUiSession } from './uiSession';

describe('activity bar', () => {
  const session = useUiSession();

  it('shows the Runloop icon, and the extension is active', async () => {
    const { workbench, api } = session();
    await workbench.activityIcon('Runloop').waitFor();
    await workbench.openViewContainer('Runloop');
    const active = await api.evaluate(async (vscode, id) => {
      const extension = vscode.extensions.getExtension(id);
      await extension?.activate();
      return extension?.isActive ?? false;
    }, 'runloop-devboxes.runloop-devboxes');
    assert.equal(active, true);
    await workbench.screenshot('activity-bar');
  });
});
