import { arch } from 'node:process';
import * as z from 'zod';
import { sizeNames } from '../../sandbox/limits/limits';
import { requireCommand } from '../../sandbox/wordLimits';
import { badRequest, notOffered } from '../../http/apiError';
import { optional, parseBody } from '../../http/bodies';
import { userFields } from './userFields';

/** The longest lifetime of a devbox, in seconds. */
const longestKeepAlive = 172_800;

/** The longest time for the suspend commands, in milliseconds. */
const longestDeadline = 60_000;

/** GiB of memory for each core of a `CUSTOM_SIZE`, at least and at most. */
const leastMemoryPerCore = 2;
const mostMemoryPerCore = 8;

const idleFields = z.object({ idle_time_seconds: z.int().positive(), on_idle: z.enum(['shutdown', 'suspend']) });

/** A number of which Runloop offers a few small ones, and then even ones up to `most`. */
function offered(small: readonly number[], most: number): z.ZodType<number> {
  const allowed = (value: number): boolean => small.includes(value) || (value >= 2 && value <= most && value % 2 === 0);
  return z.number().refine(allowed, `It may be ${[...small, `an even number from 2 to ${most}`].join(' or ')}`);
}

/** What may be said about how a devbox is launched. */
const launchFields = z.looseObject({
  keep_alive_time_seconds: optional(z.int().positive().max(longestKeepAlive)),
  after_idle: optional(idleFields),
  lifecycle: optional(
    z.looseObject({
      after_idle: optional(idleFields),
      resume_triggers: optional(z.looseObject({ http: optional(z.boolean()), axon_event: optional(z.boolean()) })),
      lifecycle_hooks: optional(
        z.looseObject({
          suspend_commands: optional(z.array(z.string())),
          suspend_deadline_ms: optional(z.int().positive().max(longestDeadline)),
        }),
      ),
    }),
  ),
  launch_commands: optional(z.array(z.string())),
  user_parameters: optional(userFields),
  architecture: optional(z.enum(['x86_64', 'arm64'])),
  resource_size_request: optional(z.enum(sizeNames)),
  custom_cpu_cores: optional(offered([0.5, 1], 16)),
  // Half a GiB is not one of Runloop's sizes: it lets a test fill the memory of a devbox quickly.
  custom_gb_memory: optional(offered([0.5, 1], 64)),
  custom_disk_size: optional(offered([], 64)),
  network_policy_id: optional(z.string()),
  provisioning_tier: optional(z.enum(['standard', 'flex'])),
  required_services: optional(z.array(z.string())),
});

export type LaunchFields = z.infer<typeof launchFields>;

/**
 * Reads the launch parameters of a devbox, or those that a blueprint hands on to its devboxes.
 * @throws ApiError 400 for what makes no sense, 501 for what the local platform does not do
 */
export function readLaunch(given: unknown): LaunchFields {
  const launch = parseBody(launchFields, given ?? {}, 'launch_parameters');
  requireSize(launch);
  const { after_idle: outer, lifecycle } = launch;
  const inner = lifecycle?.after_idle;
  if (
    inner !== undefined &&
    outer !== undefined &&
    (inner.idle_time_seconds !== outer.idle_time_seconds || inner.on_idle !== outer.on_idle)
  ) {
    throw badRequest('after_idle and lifecycle.after_idle say different things. Give lifecycle.after_idle only.');
  }
  launch.launch_commands?.forEach((command) => requireCommand(command, 'A launch command'));
  if ((launch.required_services ?? []).length > 0) {
    throw notOffered('containerized services');
  }
  const own = arch === 'arm64' ? 'arm64' : 'x86_64';
  if (launch.architecture !== undefined && launch.architecture !== own) {
    throw notOffered(`another architecture than this computer's ${own}`);
  }
  return launch;
}

/** The launch parameters of a devbox: its blueprint's, with what it says itself in front. */
export function inheritLaunch(own: LaunchFields, blueprint: unknown): LaunchFields {
  if (blueprint === undefined) return own;
  const said = Object.entries(own).filter(([, value]) => value !== undefined);
  // A size is taken over whole, or not at all.
  const inherited = Object.entries(readLaunch(blueprint)).filter(
    ([name]) => own.resource_size_request === undefined || !name.startsWith('custom_'),
  );
  return { ...own, ...Object.fromEntries(inherited), ...Object.fromEntries(said) };
}

function requireSize({
  resource_size_request: size,
  custom_cpu_cores: cores,
  custom_gb_memory: memory,
  custom_disk_size: disk,
}: LaunchFields): void {
  if (size !== 'CUSTOM_SIZE') {
    if ([cores, memory, disk].some((value) => value !== undefined)) {
      throw badRequest(
        'custom_cpu_cores, custom_gb_memory and custom_disk_size need resource_size_request CUSTOM_SIZE.',
      );
    }
    return;
  }
  if (
    cores !== undefined &&
    memory !== undefined &&
    (memory < cores * leastMemoryPerCore || memory > cores * mostMemoryPerCore)
  ) {
    throw badRequest(
      `For each core a CUSTOM_SIZE has ${leastMemoryPerCore} to ${mostMemoryPerCore} GiB of memory; ${memory} GiB do not fit ${cores} cores.`,
    );
  }
}
