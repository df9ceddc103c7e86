import * as z from 'zod';

/** A configuration of faults that cannot be understood; the sentence names the field. */
export class FaultConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FaultConfigError';
  }
}

/** Longest delay that may be ordered, in milliseconds. */
const longestDelay = 3_600_000;

const milliseconds = z.int().min(0).max(longestDelay);

/** One number, or two between which a seeded one is taken. */
const duration = z.union([milliseconds, z.tuple([milliseconds, milliseconds])]);

/** How often a rule strikes; the same for all faults. */
const often = {
  /** Name in the list of what has struck; its position in the list if left out. */
  id: z.string().min(1).optional(),
  /** Strikes at most so many times; without it, always. */
  count: z.int().positive().optional(),
  /** The first so many matches are spared. */
  skip: z.int().min(0).default(0),
  /** Chance with which a match is struck, drawn from the seed. */
  probability: z.number().min(0).max(1).default(1),
};

/** Which devbox: its name or id, `*` standing for any characters. */
const devbox = z.string().min(1).optional();

/** Which request. */
const request = {
  on: z.enum(['api', 'tunnel']).default('api'),
  method: z
    .string()
    .regex(/^[A-Z]+$/, 'a method is written in capitals')
    .optional(),
  /** `*` or `{name}` stands for one part of the path, `**` at the end for any further parts. */
  path: z.string().startsWith('/').optional(),
  /** With `on: "tunnel"` only. */
  port: z.int().min(1).max(65_535).optional(),
  devbox,
};

const statusFault = z.strictObject({
  fault: z.literal('status'),
  ...often,
  ...request,
  status: z.int().min(400).max(599),
  retry_after_seconds: z.number().min(0).max(3_600).optional(),
  should_retry: z.boolean().optional(),
  message: z.string().optional(),
  /** The request is carried out first, and only then answered with the status. */
  took_effect: z.boolean().default(false),
});

const delayFault = z.strictObject({
  fault: z.literal('delay'),
  ...often,
  ...request,
  delay_ms: duration,
  /** The request is carried out at once, and its answer waits; on `api` only. */
  took_effect: z.boolean().default(false),
});

/** A request whose id was seen before is carried out once more, as where a server does not look at such ids. */
const forgetRepeatsFault = z.strictObject({
  fault: z.literal('forget_repeats'),
  ...often,
  ...request,
  on: z.literal('api').default('api'),
});

const cutFault = z.strictObject({
  fault: z.literal('cut'),
  ...often,
  ...request,
  /** The request is carried out first, and only then the connection is cut. */
  took_effect: z.boolean().default(false),
  /** The connection is cut first, and the request is carried out so much later; on `api` only. */
  effect_after_ms: duration.optional(),
  /** HTTP/2: cuts the connection with all requests on it, not this one's stream alone. */
  whole_connection: z.boolean().default(false),
});

const halfStreamFault = z.strictObject({
  fault: z.literal('half_stream'),
  ...often,
  ...request,
  on: z.literal('api').default('api'),
  /** Events that arrive whole before the half one. */
  events: z.int().min(0).default(0),
});

const dropTunnelFault = z.strictObject({
  fault: z.literal('drop_tunnel'),
  ...often,
  ...request,
  on: z.literal('tunnel').default('tunnel'),
  /** Milliseconds after the request arrived at which its connection is cut. */
  after_ms: duration.default(0),
});

const stage = z.enum(['provisioning', 'initializing']).default('provisioning');
const reason = z.enum(['out_of_memory', 'out_of_disk', 'execution_failed', 'health_check_failed']);

const slowBootFault = z.strictObject({ fault: z.literal('slow_boot'), ...often, devbox, stage, delay_ms: duration });

const failBootFault = z.strictObject({
  fault: z.literal('fail_boot'),
  ...often,
  devbox,
  stage,
  reason: reason.default('execution_failed'),
});

const endEntrypointFault = z.strictObject({
  fault: z.literal('end_entrypoint'),
  ...often,
  devbox,
  after_ms: duration.default(0),
  exit_code: z.int().min(0).max(255).default(1),
});

const endDevboxFault = z.strictObject({
  fault: z.literal('end_devbox'),
  ...often,
  devbox,
  /** Milliseconds after the devbox began to run. */
  after_ms: duration.default(0),
  reason: reason.default('health_check_failed'),
});

const evictDevboxFault = z.strictObject({
  fault: z.literal('evict_devbox'),
  ...often,
  devbox,
  /** Milliseconds after the devbox began to run at which its eviction is announced. */
  after_ms: duration.default(0),
  /** Milliseconds from the announcement to the suspend. */
  notice_ms: milliseconds.default(30_000),
});

const ruleShape = z.discriminatedUnion('fault', [
  statusFault,
  delayFault,
  forgetRepeatsFault,
  cutFault,
  halfStreamFault,
  dropTunnelFault,
  slowBootFault,
  failBootFault,
  endEntrypointFault,
  endDevboxFault,
  evictDevboxFault,
]);

const configShape = z.strictObject({
  /** All chances and durations are drawn from it. */
  seed: z.int().default(1),
  /** Added to every time the platform tells, the Date header included. */
  clock_skew_ms: z.int().min(-1e12).max(1e12).default(0),
  rules: z.array(ruleShape).max(1_000).default([]),
});

/** Faults that are ordered, read and checked. */
export type FaultConfig = z.infer<typeof configShape>;
export type FaultRule = z.infer<typeof ruleShape>;
export type FaultDuration = z.infer<typeof duration>;
export type RuleOf<K extends FaultRule['fault']> = Extract<FaultRule, { readonly fault: K }>;

/**
 * Checks a configuration of faults.
 * @param config the value of its JSON
 * @throws FaultConfigError that names the field
 */
export function parseFaultConfig(config: unknown): FaultConfig {
  const result = configShape.safeParse(config);
  if (!result.success) {
    const [issue] = result.error.issues;
    const field = issue?.path.join('.') ?? '';
    throw new FaultConfigError(
      `The faults cannot be understood: ${field === '' ? 'the configuration' : `the field ${field}`}: ${issue?.message ?? 'unknown reason'}.`,
    );
  }
  for (const [index, rule] of result.data.rules.entries()) {
    if ('port' in rule && rule.port !== undefined && rule.on !== 'tunnel') {
      throw new FaultConfigError(
        `The faults cannot be understood: the field rules.${index}.port: only with "on": "tunnel".`,
      );
    }
    const apiOnly = apiOnlyField(rule);
    if (apiOnly !== undefined) {
      throw new FaultConfigError(
        `The faults cannot be understood: the field rules.${index}.${apiOnly}: only with "on": "api".`,
      );
    }
  }
  return result.data;
}

/** A field of a rule for tunnels that only rules for the API can have. */
function apiOnlyField(rule: FaultRule): string | undefined {
  if (rule.fault === 'delay' && rule.on === 'tunnel' && rule.took_effect) {
    return 'took_effect';
  }
  return rule.fault === 'cut' && rule.on === 'tunnel' && rule.effect_after_ms !== undefined
    ? 'effect_after_ms'
    : undefined;
}

/**
 * Reads a configuration from the text of a file.
 * @throws FaultConfigError when it is not JSON or not such a configuration
 */
export function readFaultConfig(text: string): FaultConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FaultConfigError(
      `The faults are not valid JSON: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  return parseFaultConfig(value);
}
