// An extension that `npm start` installs beside ours: what somebody sees who has just installed it. An installed VS Code opens
// the walkthrough of a new extension by itself; a page in the browser does not.
const { commands } = require('vscode');

/** @param {import('vscode').ExtensionContext} context kept over reloads, so that it happens once in a window */
exports.activate = async ({ workspaceState }) => {
  if (workspaceState.get('wasShown') === true) return;
  await commands.executeCommand('workbench.view.extension.runloop');
  await commands.executeCommand('workbench.action.openWalkthrough', 'runloop-devboxes.runloop-devboxes#start', false);
  await workspaceState.update('wasShown', true);
};
