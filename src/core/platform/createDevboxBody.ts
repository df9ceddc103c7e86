import type { Runloop } from '@runloop/api-client';

/** What a create asks for; field names are Runloop's own (contract §2.4). */
export interface CreateDevboxBody {
  readonly name?: string;
  readonly entrypoint?: string;
  readonly environment_variables?: Readonly<Record<string, string>>;
  readonly blueprint_name?: string;
  readonly blueprint_id?: string;
  readonly snapshot_id?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly mounts?: readonly (
    | { readonly type: 'file_mount'; readonly target: string; readonly content: string }
    | { readonly type: 'code_mount'; readonly repo_owner: string; readonly repo_name: string }
  )[];
  readonly tunnel?: { readonly auth_mode: 'open' | 'authenticated'; readonly http_keep_alive: boolean };
  readonly launch_parameters?: {
    readonly resource_size_request?: string;
    /** With `CUSTOM_SIZE`: CPUs, GiB of memory, GiB of disk. */
    readonly custom_cpu_cores?: number;
    readonly custom_gb_memory?: number;
    readonly custom_disk_size?: number;
    readonly keep_alive_time_seconds?: number;
    readonly launch_commands?: readonly string[];
    readonly lifecycle?: {
      readonly after_idle: { readonly idle_time_seconds: number; readonly on_idle: 'suspend' | 'shutdown' };
    };
    readonly network_policy_id?: string;
  };
}

type Launch = NonNullable<Runloop.DevboxCreateParams['launch_parameters']>;

type Unchanging<T> = T extends object ? { readonly [K in keyof T]: Unchanging<T[K]> } : T;

/**
 * What the SDK knows of a create, to which {@link CreateDevboxBody} is held. A size may be a word that only a later SDK
 * knows: it is the API that refuses it.
 */
export type CreateDevboxParams = Unchanging<
  Omit<Runloop.DevboxCreateParams, 'launch_parameters'> & {
    launch_parameters?: Omit<Launch, 'resource_size_request'> & { resource_size_request?: string };
  }
>;
