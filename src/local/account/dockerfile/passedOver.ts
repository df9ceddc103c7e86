import { constants } from 'node:os';
import type { Instruction } from './instructions';
import type { Refuse } from './refusal';
import type { StageState } from './stageState';
import { jsonWords, plainWords, splitFlags } from './words';

type Handler = (instruction: Instruction, stage: StageState, refuse: Refuse) => void;

/** What changes nothing here is read all the same: what Docker refuses, a build here does not let pass. */
export const passedOver: Readonly<Record<string, Handler>> = {
  EXPOSE: (instruction, stage, refuse) => {
    for (const port of plainWords(instruction.rest).map((word) => stage.scope.fill(word, refuse))) {
      if (port !== '' && !isPort(port)) {
        throw refuse(`"${port}" cannot be a port. EXPOSE takes numbers up to 65535, ranges of them, and /tcp or /udp.`);
      }
    }
    passOver('passed over, every port of a devbox can have a tunnel', instruction, stage, refuse);
  },
  CMD: (...parts) => passOver("passed over, a devbox's entrypoint is named when it is created", ...parts),
  ENTRYPOINT: (...parts) => passOver("passed over, a devbox's entrypoint is named when it is created", ...parts),
  HEALTHCHECK: (instruction, stage, refuse) => {
    checkHealth(instruction.rest, stage, refuse);
    passOver('passed over, nothing here asks for it', instruction, stage, refuse);
  },
  STOPSIGNAL: (instruction, stage, refuse) => {
    const signal = stage.scope.fill(instruction.rest, refuse);
    if (signal !== '' && !isSignal(signal)) {
      throw refuse(`"${signal}" is no signal. STOPSIGNAL takes a name, such as SIGTERM, or a number.`);
    }
    passOver('passed over, devboxes end all at once', instruction, stage, refuse);
  },
  MAINTAINER: (...parts) => passOver('passed over', ...parts),
};

function passOver(what: string, { keyword, rest }: Instruction, stage: StageState, refuse: Refuse): void {
  if (rest === '') {
    throw refuse(`${keyword} needs something behind it.`);
  }
  stage.note(`${keyword} ${rest}: ${what}`);
}

/** As Go reads durations: numbers with units, or a nought. */
const duration = /^\+?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

function checkHealth(rest: string, stage: StageState, refuse: Refuse): void {
  const { flags, rest: check } = splitFlags(rest, stage.escape);
  const [type = '', command = ''] = /^(\S*)\s*([^]*)$/.exec(check)?.slice(1) ?? [];
  switch (type.toUpperCase()) {
    case '':
      throw refuse('HEALTHCHECK needs something behind it.');
    case 'NONE':
      if (command !== '' || flags.length > 0) {
        throw refuse('HEALTHCHECK NONE takes nothing else.');
      }
      return;
    case 'CMD':
      if (command === '' || jsonWords(command, refuse)?.length === 0) {
        throw refuse('HEALTHCHECK CMD needs a command.');
      }
      break;
    default:
      throw refuse(`HEALTHCHECK takes CMD and a command, or NONE, and not "${type}".`);
  }
  for (const flag of flags) {
    const [name = '', value = ''] = /^(--[^=]*)=?([^]*)$/.exec(flag)?.slice(1) ?? [];
    const isKnown =
      name === '--retries'
        ? /^\+?\d+$/.test(value)
        : ['--interval', '--timeout', '--start-period', '--start-interval'].includes(name) && duration.test(value);
    if (!isKnown && value !== '') {
      throw refuse(
        `${flag} cannot be understood. HEALTHCHECK takes --interval, --timeout, --start-period and --start-interval with times such as 30s, and --retries with a number.`,
      );
    }
    if (value === '') {
      throw refuse(`${flag} needs a value.`);
    }
  }
}

function isPort(text: string): boolean {
  const [, first = '', last = first] = /^(?:\d+:)?(\d{1,5})(?:-(\d{1,5}))?(?:\/(?:tcp|udp|sctp))?$/i.exec(text) ?? [];
  return first !== '' && Number(last) >= Number(first) && Number(last) <= 65_535;
}

function isSignal(text: string): boolean {
  const name = text.toUpperCase().replace(/^SIG/, '');
  return (
    (/^\d+$/.test(name) && Number(name) >= 1 && Number(name) <= 64) ||
    Object.hasOwn(constants.signals, `SIG${name}`) ||
    /^(?:CLD|RTMIN(?:\+(?:[1-9]|1[0-5]))?|RTMAX(?:-(?:[1-9]|1[0-4]))?)$/.test(name)
  );
}
