// An extension that `npm start` installs beside ours: what somebody sees who has just installed it. An installed VS Code opens
// the walkthrough of a new extension by itself; a page in the browser does not.
const { commands } = require('vscode');

/** @param {import('vscode').ExtensionContext} context kept over reloads, so that it happens once in a window */
exports.activate = async ({ workspaceState }) => {
  if (workspaceState.get('wasShown') === true) return;
  // At the first step that is left to do: the window is connected already, which the editor hears of only later.
  const step = { category: 'runloop-devboxes.runloop-devboxes#start', step: 'start' };
  await commands.executeCommand('workbench.action.openWalkthrough', step, false);
  // The walkthrough takes the focus, as early as can be: whoever types by then goes on.
  await commands.executeCommand('runloop.devboxes.focus', { preserveFocus: true });
  await workspaceState.update('wasShown', true);
};
