import type { CommandId } from '../commandIds';
import type { Services } from '../services';

/** A command gets the row that it was called on, and all selected rows where there are several. */
export type Handler = (services: Services, argument: unknown, arguments_: unknown) => Promise<void>;

const arrangeRows = () => import('../devboxTree/order/arrangeDevboxes');
const changeCommands = () => import('../changes/changeCommands');
const reviewCommands = () => import('../changes/review/reviewCommands');
const fileCommands = () => import('../files/fileCommands');
const portHandlers = () => import('./portHandlers');
const logCommands = () => import('../logDocument/logCommands');
const searchCommands = () => import('../logSearch/searchCommands');

/**
 * Where each command's code is. It is read when the command is first used: loading code is what makes extensions slow
 * to start.
 */
export const handlers: Readonly<Record<CommandId, () => Promise<Handler>>> = {
  'runloop.signIn': async () => (await import('../account/signIn')).signIn,
  'runloop.signOut': async () => {
    const { signOut } = await import('../account/signIn');
    const { stopLocalPlatform } = await import('../localPlatform/localPlatformCommands');
    return (services) => signOut(services, () => stopLocalPlatform(services));
  },
  'runloop.startDevbox': async () => (await import('../start/startDevbox')).startDevbox,
  'runloop.startWithOptions': async () => (await import('../start/startWithOptions')).startWithOptions,
  'runloop.startAgain': async () => (await import('../start/startAgain')).startAgain,
  'runloop.startAgainLarger': async () => (await import('../start/startAgain')).startAgainLarger,
  'runloop.attachDevbox': async () => (await import('./devboxCommands')).attachDevbox,
  'runloop.openVscode': async () => (await import('../openVscode/openVscode')).openVscode,
  'runloop.openSelectedDevbox': async () => (await import('../openVscode/openVscode')).openSelectedDevbox,
  'runloop.openTerminal': async () => (await import('../terminal/terminalCommand')).openTerminal,
  'runloop.runCommand': async () => (await import('../runs/runCommand')).runCommand,
  'runloop.stopCommand': async () => (await import('../runs/runCommand')).stopCommand,
  'runloop.runCommandAgain': async () => (await import('../runs/runCommand')).runAgain,
  'runloop.runAgentAction': async () => (await import('../agentActions/runAgentAction')).runAgentAction,
  'runloop.copyVscodeLink': async () => (await import('../openVscode/openVscode')).copyVscodeLink,
  'runloop.showOutput': async () => (await import('./devboxCommands')).showOutput,
  'runloop.suspendDevbox': async () => (await import('../lifeCycle/lifeCycleCommands')).suspendDevboxes,
  'runloop.resumeDevbox': async () => (await import('../lifeCycle/lifeCycleCommands')).resumeDevboxes,
  'runloop.renameDevbox': async () => (await import('../lifeCycle/lifeCycleCommands')).renameDevboxCommand,
  'runloop.toggleKeepAlive': async () => (await import('../lifeCycle/toggleKeepAlive')).toggleKeepAlive,
  'runloop.snapshotDevbox': async () => (await import('../lifeCycle/snapshotCommand')).snapshotCommand,
  'runloop.shutDownDevbox': async () => (await import('../lifeCycle/shutDownDevbox')).shutDownDevboxes,
  'runloop.findForgottenDevboxes': async () => (await import('../forgotten/forgottenDevboxes')).findForgottenDevboxes,
  'runloop.copyDevboxId': async () => (await import('./devboxCommands')).copyDevboxId,
  'runloop.sessionActions': async () => (await import('../session/sessionActions')).sessionActions,
  'runloop.detachDevbox': async () => (await import('../session/sessionActions')).detachDevbox,
  'runloop.switchProfile': async () => (await import('../account/switchProfile')).switchProfile,
  'runloop.openDashboard': async () => (await import('./openDashboard')).openDashboard,
  'runloop.collectSupportBundle': async () => (await import('./supportBundle')).collectSupportBundle,
  'runloop.tryLocally': async () => (await import('../localPlatform/localPlatformCommands')).tryLocally,
  'runloop.stopLocalPlatform': async () => (await import('../localPlatform/localPlatformCommands')).stopLocalPlatform,
  'runloop.openPort': async () => (await portHandlers()).openPort,
  'runloop.forwardPort': async () => (await portHandlers()).forwardPort,
  'runloop.stopForwarding': async () => (await portHandlers()).stopForwarding,
  'runloop.requireToken': async () => (await portHandlers()).requireToken,
  'runloop.copyPortUrl': async () => (await portHandlers()).copyPortUrl,
  'runloop.groupDevboxes': async () => (await arrangeRows()).groupDevboxes,
  'runloop.sortDevboxes': async () => (await arrangeRows()).sortDevboxes,
  'runloop.pinDevbox': async () => (await import('../devboxTree/order/markDevboxes')).pinDevboxes,
  'runloop.unpinDevbox': async () => (await import('../devboxTree/order/markDevboxes')).unpinDevboxes,
  'runloop.dismissDevbox': async () => (await import('../devboxTree/order/markDevboxes')).dismissDevboxes,
  'runloop.filterDevboxes': async () => (await arrangeRows()).filterDevboxes,
  'runloop.clearFilter': async () => (await arrangeRows()).clearFilter,
  'runloop.loadMoreDevboxes': async () => (await arrangeRows()).loadMoreDevboxes,
  'runloop.refreshDevboxes': async () => (await arrangeRows()).refreshDevboxes,
  'runloop.whyDidItStop': async () => (await import('../diagnosis/stopCommands')).whyDidItStop,
  'runloop.copyWhyItStopped': async () => (await import('../diagnosis/stopCommands')).copyWhyItStopped,
  'runloop.showLog': async () => (await import('./devboxCommands')).showLog,
  'runloop.openLog': async () => (await logCommands()).openLog,
  'runloop.filterLog': async () => (await logCommands()).filterLog,
  'runloop.changeLogFilter': async () => (await logCommands()).filterLog,
  'runloop.followLog': async () => (await logCommands()).followLog,
  'runloop.unfollowLog': async () => (await logCommands()).unfollowLog,
  'runloop.saveLog': async () => (await import('../logDocument/saveLog')).saveLog,
  'runloop.searchLogs': async () => (await searchCommands()).searchLogsCommand,
  'runloop.openLogMatch': async () => (await searchCommands()).openLogMatch,
  'runloop.openAllChanges': async () => (await changeCommands()).openChanges,
  'runloop.markChangesSeen': async () => (await changeCommands()).markChangesSeen,
  'runloop.markChangesUnseen': async () => (await changeCommands()).markChangesUnseen,
  'runloop.addComment': async () => (await reviewCommands()).addReviewComment,
  'runloop.deleteComment': async () => (await reviewCommands()).deleteReviewComment,
  'runloop.sendReview': async () => (await reviewCommands()).sendReview,
  'runloop.openInSourceControl': async () => (await changeCommands()).openInSourceControl,
  'runloop.bringHome': async () => (await import('../changes/home/bringHome')).bringHome,
  'runloop.stopLogSearch': async () => (await import('../searchView/searchCommands')).stopSearch,
  'runloop.clearLogSearch': async () => (await import('../searchView/searchCommands')).clearSearch,
  'runloop.searchFiles': async () => (await import('../files/search/searchFilesCommand')).searchFilesCommand,
  'runloop.goToFile': async () => (await import('../files/search/goToFile')).goToFile,
  'runloop.newFile': async () => (await fileCommands()).newFile,
  'runloop.newFolder': async () => (await fileCommands()).newFolder,
  'runloop.renameFile': async () => (await fileCommands()).renameFile,
  'runloop.deleteFile': async () => (await fileCommands()).deleteFiles,
  'runloop.openFolderHere': async () => (await fileCommands()).openFolderHere,
  'runloop.refreshFiles': async () => (await portHandlers()).refreshRow,
  'runloop.uploadFiles': async () => (await import('../files/transferCommands')).uploadFiles,
  'runloop.startAgent': async () => (await import('../agents/startAgent')).startAgent,
  'runloop.actOnAgent': async () => (await import('../agents/actOnAgent')).actOnAgent,
  'runloop.downloadFile': async () => (await import('../files/transferCommands')).downloadFile,
};
