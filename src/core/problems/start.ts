import { problemsOf, type ProblemWords } from './problem';

const chooseName = 'Choose another name.';
const correctPresets = 'Correct the presets, then try again.';
const report = 'Please report this.';
const showOutput = 'Show its output to see what happened, then start another devbox.';
const toBlueprint =
  'Build a blueprint with that name from an OpenHands runtime image, or specify another one in the settings.';

/** Options and choices that cannot be, and starts that came to nothing. */
export const startWords = {
  name_empty: { code: 'invalid_option', message: 'A devbox needs a name.', nextStep: chooseName },
  name_too_long: {
    code: 'invalid_option',
    message: 'A devbox name can have at most {most} characters.',
    nextStep: chooseName,
  },
  name_control_characters: {
    code: 'invalid_option',
    message: 'A devbox name must not contain control characters.',
    nextStep: chooseName,
  },
  lifetime_out_of_range: {
    code: 'invalid_option',
    message: 'The lifetime of a devbox must be between 1 minute and 48 hours.',
    nextStep: 'Choose another lifetime.',
  },
  idle_too_short: {
    code: 'invalid_option',
    message: 'The idle time of a devbox must be at least 1 minute.',
    nextStep: 'Choose a longer idle time.',
  },
  iterations: {
    code: 'invalid_option',
    message: 'The number of iterations must be a whole number above 0.',
    nextStep: 'Choose another number.',
  },
  action_timeout_out_of_range: {
    code: 'invalid_option',
    message: 'The timeout of an action must be above 0 and at most 86400 seconds.',
    nextStep: 'Choose another timeout.',
  },
  user_id: {
    code: 'invalid_option',
    message: 'A user ID must be a whole number.',
    nextStep: 'Choose another user ID.',
  },
  git_user_name: {
    code: 'invalid_option',
    message: 'The git user name must not contain a NUL character.',
    nextStep: 'Remove it.',
  },
  git_email_address: {
    code: 'invalid_option',
    message: 'The git email address must not contain a NUL character.',
    nextStep: 'Remove it.',
  },
  other_runtime: {
    code: 'invalid_option',
    message: 'The runtime "{runtime}" was requested, but this is "runloop".',
    nextStep: 'Set RUNTIME=runloop, or remove it.',
  },
  workspace_path: {
    code: 'invalid_option',
    message: 'The workspace path in the devbox must be absolute.',
    nextStep: 'Use a path such as /workspace.',
  },
  startup_variables: {
    code: 'invalid_option',
    message: 'SANDBOX_RUNTIME_STARTUP_ENV_VARS is not a dict of strings.',
    nextStep: 'Use the form {form}.',
  },
  config_file: {
    code: 'invalid_option',
    message: 'The configuration file cannot be read: {why}.',
    nextStep: 'Correct it, or point to another config.toml.',
  },
  presets_too_large: {
    code: 'invalid_option',
    message: 'The presets file is too large.',
    nextStep: correctPresets,
  },
  presets_forbidden_name: {
    code: 'invalid_option',
    message: 'The presets file contains a name that is not allowed.',
    nextStep: correctPresets,
  },
  presets_no_json: {
    code: 'invalid_option',
    message: 'The presets file is not valid JSON: {why}.',
    nextStep: correctPresets,
  },
  presets_unknown_word: {
    code: 'invalid_option',
    message: 'The presets contain an unknown property: {word}.',
    nextStep: correctPresets,
  },
  presets_unknown_word_in: {
    code: 'invalid_option',
    message: 'The presets contain an unknown property in {where}: {word}.',
    nextStep: correctPresets,
  },
  presets_too_much: {
    code: 'invalid_option',
    message: 'In the presets, {where} must be at most {limit}.',
    nextStep: correctPresets,
  },
  presets_too_little: {
    code: 'invalid_option',
    message: 'In the presets, {where} must be at least {limit}.',
    nextStep: correctPresets,
  },
  presets_not_one_of: {
    code: 'invalid_option',
    message: 'In the presets, {where} must be one of: {allowed}.',
    nextStep: correctPresets,
  },
  presets_not_allowed: {
    code: 'invalid_option',
    message: 'The presets do not have the required form.',
    nextStep: correctPresets,
  },
  presets_not_allowed_in: {
    code: 'invalid_option',
    message: 'In the presets, {where} is not valid.',
    nextStep: correctPresets,
  },
  preset_excludes: {
    code: 'invalid_option',
    message: 'Preset {preset}: these cannot be used together: {words}.',
    nextStep: correctPresets,
  },
  preset_size: {
    code: 'invalid_option',
    message: 'Preset {preset}: Runloop does not offer this customSize.',
    nextStep: correctPresets,
  },
  preset_repository: {
    code: 'invalid_option',
    message: 'Preset {preset}: repository must be owner/name.',
    nextStep: correctPresets,
  },
  preset_variable: {
    code: 'invalid_option',
    message: 'Preset {preset}: the variable {name} cannot be set.',
    nextStep: correctPresets,
  },
  start_unknown: {
    code: 'start_unknown',
    message: 'It is not known whether devbox {devbox} was created: {why}.',
    nextStep: 'Look for it in the Runloop view, and shut it down there if you do not need it: it may cost money.',
  },
  start_unknown_not_found: {
    code: 'start_unknown',
    message: 'It is not known whether devbox {devbox} was created: {why}. Looking for it failed: {said}.',
    nextStep: 'Look for it in the Runloop view, and shut it down there if you do not need it: it may cost money.',
  },
  create_failed: { code: 'unexpected_answer', message: 'Creating a devbox failed: {why}.', nextStep: report },
  start_failed: { code: 'unexpected_answer', message: 'The start failed: {why}.', nextStep: report },
  blueprint_missing: {
    code: 'blueprint_missing',
    message: 'This account has no blueprint named "{name}".',
    nextStep: toBlueprint,
  },
  blueprint_unfinished: {
    code: 'blueprint_missing',
    message: 'The blueprint "{name}" has no completed build.',
    nextStep: toBlueprint,
  },
  ended: { code: 'devbox_ended', message: 'The devbox changed to "{status}" {during}: {said}.', nextStep: showOutput },
  not_running_in_time: {
    code: 'deadline',
    message: 'The devbox was still "{status}" after {tries} checks.',
    nextStep: 'Try again later, or choose a smaller size.',
  },
  unchanged_in_time: {
    code: 'deadline',
    message: 'The devbox was still "{status}" after {tries} checks.',
    nextStep: 'Try again later.',
  },
  server_not_ready: {
    code: 'no_action_server',
    message: 'The action server did not become ready within {seconds} s ({said}).',
    nextStep: 'Show the output of the devbox: it shows what the server was doing.',
  },
  no_server: {
    code: 'no_action_server',
    message: 'The devbox has no action server.',
    nextStep: 'Open a terminal or VS Code in it instead.',
  },
} as const satisfies Record<string, ProblemWords>;

export const startProblem = problemsOf(startWords);
