import { setTimeout as pause } from 'node:timers/promises';
import { type FaultHooks, type FaultTarget, BootFailure } from '../devbox/lifeCycle/faultHooks';
import type { FailureReason } from '../devbox/lifeCycle/status';
import { draw, millisecondsOf } from './randomDraw';
import { type FaultDuration, type FaultConfig, type FaultRule, type RuleOf, parseFaultConfig } from './faultConfig';
import { pathFits, textFits } from './patterns';

/** A request as the rules see it. */
export interface FaultableRequest {
  readonly on: 'api' | 'tunnel';
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly port?: number;
  /** The devbox that a tunnel leads to, or that an API path names. */
  readonly devbox?: FaultTarget | undefined;
}

/** What becomes of one request. */
export interface RequestFaults {
  /** Milliseconds to wait first. */
  readonly delay: number;
  /** Milliseconds that the answer waits. */
  readonly hold: number;
  /** True if the request's id is not to be looked at. */
  readonly forgetRepeats: boolean;
  readonly strike: RuleOf<'status' | 'cut' | 'half_stream'> | undefined;
  /** Milliseconds after a cut at which the request is carried out. */
  readonly effectAfter: number | undefined;
  /** Milliseconds after which the connection of a tunnel's request is cut. */
  readonly dropAfter: number | undefined;
}

/** One rule with what it has done so far. */
interface LiveRule {
  readonly rule: FaultRule;
  readonly index: number;
  matches: number;
  strikes: number;
}

/** Faults that happen to clients on order: decides what strikes whom, the same for the same configuration and the same requests. */
export class Faults implements FaultHooks {
  #config: FaultConfig = parseFaultConfig({});
  #live: LiveRule[] = [];

  /** Adds to every time the platform tells, in milliseconds. */
  get clockSkew(): number {
    return this.#config.clock_skew_ms;
  }

  /** Forgets all earlier rules and their counts, and follows `config` from now on. */
  replace(config: FaultConfig): void {
    this.#config = config;
    this.#live = config.rules.map((rule, index) => ({ rule, index, matches: 0, strikes: 0 }));
  }

  /** Adds the rules of `config` behind those there are; seed and clock stay as they were. */
  add(config: FaultConfig): void {
    const first = this.#live.length;
    this.#live.push(...config.rules.map((rule, index) => ({ rule, index: first + index, matches: 0, strikes: 0 })));
  }

  /** All rules with how often they have matched and struck. */
  report(): Record<string, unknown> {
    return {
      seed: this.#config.seed,
      clock_skew_ms: this.#config.clock_skew_ms,
      rules: this.#live.map(({ rule, index, matches, strikes }) => ({
        ...rule,
        id: rule.id ?? String(index),
        matches,
        strikes,
      })),
    };
  }

  /** What becomes of a request: all delays that strike, whether repeats are forgotten, and the first other fault. */
  forRequest(request: FaultableRequest): RequestFaults {
    let delay = 0;
    let hold = 0;
    let forgetRepeats = false;
    const struckBy = (rest: Partial<RequestFaults> = {}): RequestFaults => ({
      delay,
      hold,
      forgetRepeats,
      strike: undefined,
      effectAfter: undefined,
      dropAfter: undefined,
      ...rest,
    });
    for (const live of this.#live) {
      const { rule } = live;
      if (!('on' in rule) || !requestFits(rule, request)) {
        continue;
      }
      const random = this.#strikes(live);
      if (random === undefined) {
        continue;
      }
      switch (rule.fault) {
        case 'delay':
          if (rule.took_effect) {
            hold += millisecondsOf(rule.delay_ms, random);
          } else {
            delay += millisecondsOf(rule.delay_ms, random);
          }
          break;
        case 'forget_repeats':
          forgetRepeats = true;
          break;
        case 'drop_tunnel':
          return struckBy({ dropAfter: millisecondsOf(rule.after_ms, random) });
        case 'cut': {
          const { effect_after_ms: late } = rule;
          return struckBy({ strike: rule, effectAfter: late === undefined ? undefined : millisecondsOf(late, random) });
        }
        case 'status':
        case 'half_stream':
          return struckBy({ strike: rule });
      }
    }
    return struckBy();
  }

  async boot(devbox: FaultTarget, stage: 'provisioning' | 'initializing', signal: AbortSignal): Promise<void> {
    for (const { rule, random } of this.#forDevbox(
      devbox,
      (one) => (one.fault === 'slow_boot' || one.fault === 'fail_boot') && one.stage === stage,
    )) {
      if (rule.fault === 'slow_boot') {
        await pause(millisecondsOf(rule.delay_ms, random), undefined, { signal });
      } else if (rule.fault === 'fail_boot') {
        throw new BootFailure(rule.reason, `The boot failed while ${stage}: a fault that was ordered.`);
      }
    }
  }

  entrypoint(devbox: FaultTarget, argv: readonly string[]): readonly string[] {
    for (const { rule, random } of this.#forDevbox(devbox, ({ fault }) => fault === 'end_entrypoint')) {
      if (rule.fault === 'end_entrypoint') {
        return dyingCommand(argv, rule.after_ms, random, rule.exit_code);
      }
    }
    return argv;
  }

  failure(devbox: FaultTarget): { readonly afterMs: number; readonly reason: FailureReason } | undefined {
    for (const { rule, random } of this.#forDevbox(devbox, ({ fault }) => fault === 'end_devbox')) {
      if (rule.fault === 'end_devbox') {
        return { afterMs: millisecondsOf(rule.after_ms, random), reason: rule.reason };
      }
    }
    return undefined;
  }

  eviction(devbox: FaultTarget): { readonly afterMs: number; readonly noticeMs: number } | undefined {
    for (const { rule, random } of this.#forDevbox(devbox, ({ fault }) => fault === 'evict_devbox')) {
      if (rule.fault === 'evict_devbox') {
        return { afterMs: millisecondsOf(rule.after_ms, random), noticeMs: rule.notice_ms };
      }
    }
    return undefined;
  }

  /** The rules that strike this devbox. Lazy: a rule behind the last one taken is not counted. */
  *#forDevbox(
    devbox: FaultTarget,
    wanted: (rule: FaultRule) => boolean,
  ): Generator<{ rule: FaultRule; random: number }> {
    for (const live of [...this.#live]) {
      if (!wanted(live.rule) || !devboxFits(live.rule.devbox, devbox)) {
        continue;
      }
      const random = this.#strikes(live);
      if (random !== undefined) {
        yield { rule: live.rule, random };
      }
    }
  }

  /** Counts a match; gives the random number for durations if the rule strikes. */
  #strikes(live: LiveRule): number | undefined {
    const { rule, index } = live;
    const match = live.matches;
    live.matches += 1;
    if (match < rule.skip || (rule.count !== undefined && live.strikes >= rule.count)) {
      return undefined;
    }
    if (draw(this.#config.seed, index, match, 'strikes') >= rule.probability) {
      return undefined;
    }
    live.strikes += 1;
    return draw(this.#config.seed, index, match, 'duration');
  }
}

function requestFits(rule: Extract<FaultRule, { readonly on: string }>, request: FaultableRequest): boolean {
  return (
    rule.on === request.on &&
    (rule.method === undefined || rule.method === request.method) &&
    (rule.path === undefined || pathFits(rule.path, request.path)) &&
    (rule.port === undefined || rule.port === request.port) &&
    devboxFits(rule.devbox, request.devbox)
  );
}

function devboxFits(pattern: string | undefined, devbox: FaultTarget | undefined): boolean {
  return (
    pattern === undefined ||
    (devbox !== undefined && (textFits(pattern, devbox.id) || textFits(pattern, devbox.name ?? '')))
  );
}

/** A command that is killed with all of its process group after a while and then ends with `exitCode`. */
function dyingCommand(
  argv: readonly string[],
  after: FaultDuration,
  random: number,
  exitCode: number,
): readonly string[] {
  // `timeout` takes 0 for "never".
  const seconds = Math.max(0.001, millisecondsOf(after, random) / 1_000);
  return [
    '/bin/bash',
    '--norc',
    '-c',
    `timeout --signal=KILL ${seconds} "$@"; exit ${exitCode}`,
    'entrypoint',
    ...argv,
  ];
}
