/** Every command of the extension. A test holds this list against the manifest, which leaves out what only a row calls. */
export const commandIds = [
  'runloop.signIn',
  'runloop.signOut',
  'runloop.startDevbox',
  'runloop.startWithOptions',
  'runloop.startAgain',
  'runloop.startAgainLarger',
  'runloop.attachDevbox',
  'runloop.openVscode',
  'runloop.openSelectedDevbox',
  'runloop.openTerminal',
  'runloop.runCommand',
  'runloop.stopCommand',
  'runloop.runCommandAgain',
  'runloop.runAgentAction',
  'runloop.copyVscodeLink',
  'runloop.showOutput',
  'runloop.suspendDevbox',
  'runloop.resumeDevbox',
  'runloop.renameDevbox',
  'runloop.toggleKeepAlive',
  'runloop.snapshotDevbox',
  'runloop.shutDownDevbox',
  'runloop.findForgottenDevboxes',
  'runloop.refreshDevboxes',
  'runloop.copyDevboxId',
  'runloop.openPort',
  'runloop.forwardPort',
  'runloop.stopForwarding',
  'runloop.requireToken',
  'runloop.copyPortUrl',
  'runloop.groupDevboxes',
  'runloop.sortDevboxes',
  'runloop.filterDevboxes',
  'runloop.clearFilter',
  'runloop.loadMoreDevboxes',
  'runloop.pinDevbox',
  'runloop.unpinDevbox',
  'runloop.dismissDevbox',
  'runloop.whyDidItStop',
  'runloop.copyWhyItStopped',
  'runloop.showLog',
  'runloop.sessionActions',
  'runloop.detachDevbox',
  'runloop.switchProfile',
  'runloop.openDashboard',
  'runloop.collectSupportBundle',
  'runloop.tryLocally',
  'runloop.stopLocalPlatform',
  'runloop.openLog',
  'runloop.filterLog',
  'runloop.changeLogFilter',
  'runloop.followLog',
  'runloop.unfollowLog',
  'runloop.saveLog',
  'runloop.searchLogs',
  'runloop.stopLogSearch',
  'runloop.clearLogSearch',
  'runloop.openAllChanges',
  'runloop.openInSourceControl',
  'runloop.markChangesSeen',
  'runloop.markChangesUnseen',
  'runloop.bringHome',
  'runloop.addComment',
  'runloop.deleteComment',
  'runloop.sendReview',
  'runloop.newFile',
  'runloop.newFolder',
  'runloop.renameFile',
  'runloop.deleteFile',
  'runloop.openFolderHere',
  'runloop.refreshFiles',
  'runloop.uploadFiles',
  'runloop.downloadFile',
  'runloop.searchFiles',
  'runloop.goToFile',
  'runloop.startAgent',
] as const;

/** Commands of rows and of lines of documents, which mean nothing without them: the manifest does not have them. */
export const innerCommandIds = ['runloop.actOnAgent', 'runloop.openLogMatch'] as const;

export type CommandId = (typeof commandIds)[number] | (typeof innerCommandIds)[number];

/** Context keys that the manifest's `when` clauses use. */
export const contextKeys = {
  account: 'runloop.account',
  filtered: 'runloop.filtered',
  localPlatform: 'runloop.localPlatform',
  /** True where the account is a local platform, this window's own or the one of `npm start`. */
  isLocal: 'runloop.isLocal',
  /** True where the local platform cannot run. */
  noLocalPlatform: 'runloop.noLocalPlatform',
  hasDashboard: 'runloop.hasDashboard',
  /** Addresses of open logs. */
  followedLogs: 'runloop.followedLogs',
  filteredLogs: 'runloop.filteredLogs',
  /** `running`, `done`, or nothing where no logs were searched. */
  logSearch: 'runloop.logSearch',
  /** Addresses of the documents of commands that run. */
  runningCommands: 'runloop.runningCommands',
  /** What has really happened in this window, for the ticks of the walkthrough. */
  hasSignedIn: 'runloop.hasSignedIn',
  hasStartedDevbox: 'runloop.hasStartedDevbox',
  hasOpenedVscode: 'runloop.hasOpenedVscode',
  hasShownOutput: 'runloop.hasShownOutput',
} as const;

/** Scheme of the documents that show a devbox's log. */
export const logScheme = 'runloop-log';

/** Scheme of the files of devboxes. */
export const filesScheme = 'runloop';

/** Which logs and commands' documents the window has, in its memory. */
export const openLogsKey = 'runloop.openLogs';
export const openRunsKey = 'runloop.openRuns';
