import { problemsOf, type ProblemWords } from './problem';

/** What can go wrong with an agent in a devbox. */
export const agentsWords = {
  agent_spool_missing: {
    code: 'not_found',
    message: 'The record of this agent is no longer in the devbox.',
    nextStep: 'Start the agent again.',
  },
  agent_spool_failed: {
    code: 'file',
    message: 'The devbox could not keep the record of the agent: {why}.',
    nextStep: 'Make room in the devbox, then try again.',
  },
  agent_spool_busy: {
    code: 'conflict',
    message: 'Something in the devbox holds the record of the agent.',
    nextStep: 'Try again in a moment.',
  },
  agent_spool_full: {
    code: 'file',
    message: 'The record of what this agent was told is full.',
    nextStep: 'Start the agent again.',
  },
  agent_ended: {
    code: 'closed',
    message: 'The agent has ended and takes no more messages.',
    nextStep: 'Start the agent again.',
  },
  agent_no_answer: {
    code: 'deadline',
    message: 'The agent did not answer “{method}” within {seconds} s.',
    nextStep: 'Look at “Log of the Agent” below its row, or end it and start it again.',
  },
  agent_refused: {
    code: 'api',
    message: 'The agent refused “{method}”: {why}.',
    nextStep: 'Look at “Log of the Agent” below its row.',
  },
  agent_answer_unexpected: {
    code: 'unexpected_answer',
    message: 'The agent answered “{method}” with something that is not part of the Agent Client Protocol.',
    nextStep: 'Use a version of the agent that is known to work.',
  },
  agent_no_node: {
    code: 'environment',
    message: '{name} needs Node.js {wanted} or later, which is not in the devbox.',
    nextStep: 'Start a devbox from a blueprint with Node.js.',
  },
  agent_old_node: {
    code: 'environment',
    message: '{name} needs Node.js {wanted} or later, and the devbox has {found}.',
    nextStep: 'Start a devbox from a blueprint with a newer Node.js.',
  },
  agent_odd_node: {
    code: 'environment',
    message: '{name} needs Node.js {wanted} or later, and the node in the devbox does not say its version.',
    nextStep: 'Run “node --version” in a terminal of the devbox.',
  },
  agent_no_npm: {
    code: 'environment',
    message: '{name} is installed by npm, which is not in the devbox.',
    nextStep: 'Start a devbox from a blueprint with Node.js and npm.',
  },
  agent_no_room: {
    code: 'environment',
    message: '{name} takes {needed} MB, and the devbox has {free} MB free.',
    nextStep: 'Make room in the devbox, or start one with a larger disk.',
  },
  agent_room_gone: {
    code: 'environment',
    message: '{name} could not be installed, because the devbox had no room left for it.',
    nextStep: 'Make room in the devbox, or start one with a larger disk.',
  },
  agent_no_network: {
    code: 'network',
    message: '{name} could not be installed, because the devbox cannot reach the npm registry.',
    nextStep: 'Check the network policy of the devbox, or use a blueprint in which the agent is installed.',
  },
  agent_net_refused: {
    code: 'network',
    message: '{name} could not be installed, because the devbox could not reach what its installer asked for.',
    nextStep: 'Check the network policy of the devbox, or use a blueprint in which the agent is installed.',
  },
  agent_no_program: {
    code: 'invalid_option',
    message: 'The installation of {name} has ended, but the devbox has no command {command} after it.',
    nextStep: 'Check “run” and “install” of this agent in the setting runloop.agents.',
  },
  agent_install_failed: {
    code: 'environment',
    message: '{name} could not be installed.',
    nextStep: 'Look at what its installer has printed: that is in the document “Install {name}”.',
  },
  agent_install_unknown: {
    code: 'environment',
    message: 'It is not known how the installation of {name} has ended.',
    nextStep: 'Start the agent again: an installation that still runs is waited for.',
  },
  agent_removal_running: {
    code: 'conflict',
    message: 'A session of {name} runs in this devbox, so it was not removed.',
    nextStep: 'End its sessions there first.',
  },
  agent_removal_busy: {
    code: 'conflict',
    message: '{name} was not removed, because an agent is being installed in this devbox.',
    nextStep: 'Try again when that has ended.',
  },
  agent_removal_failed: {
    code: 'file',
    message: '{name} could not be removed: its folder in the devbox cannot be changed.',
    nextStep: 'Open a terminal of the devbox, and look at the permissions of that folder.',
  },
  agent_no_folder: {
    code: 'file',
    message: 'The folder {folder} is not in the devbox.',
    nextStep: 'Choose another folder.',
  },
  agent_at_once: {
    code: 'environment',
    message: 'The agent ended as soon as it was started: {why}.',
    nextStep: 'Look at “Log of the Agent” below its row.',
  },
  agent_no_command: {
    code: 'invalid_option',
    message: '{name} could not be started, because the devbox has no command {command}.',
    nextStep: 'Check “run” and “install” of this agent in the setting runloop.agents.',
  },
  agent_left: {
    code: 'account_changed',
    message:
      'This window has switched to another account. {name} had begun in {devbox}, of the account at {address}, and may be running there.',
    nextStep: 'Switch back to that account: the session is below the row of the devbox, under Agents.',
  },
  agent_cannot_continue: {
    code: 'environment',
    message: '{name} cannot continue a session after it has ended.',
    nextStep: 'Start it again; it begins a new session.',
  },
  agent_continued_already: {
    code: 'conflict',
    message: '{name} already continues this session.',
    nextStep: 'Open it from its row.',
  },
} as const satisfies Record<string, ProblemWords>;

export const agentsProblem = problemsOf(agentsWords);
