/** Whom a Dockerfile's USER names. */
export interface StepUser {
  /** A name or a number. */
  readonly name: string;
  /** A name or a number; undefined takes the user's own group. */
  readonly group?: string | undefined;
}

/** What a step may copy from: a build context by its name (`''` is the build's own), or another stage by its place. */
export type CopySource =
  { readonly kind: 'context'; readonly name: string } | { readonly kind: 'stage'; readonly index: number };

/** Begins a stage. */
export interface BaseStep {
  readonly kind: 'base';
  readonly title: string;
  /** The image as it is written. */
  readonly image: string;
  /** What follows the name of this computer's system in the log. */
  readonly remark: string;
  /** Programs that people expect in such an image. */
  readonly programs: readonly string[];
  /** The Python that the image would have, such as `3.12`; empty for one whose version is not said. */
  readonly python?: string | undefined;
  /** The image's tag. */
  readonly version: string;
  /** A user that the image has, besides root; may be empty. */
  readonly user: string;
  /** The working folder that the image has. */
  readonly folder: string;
  /** The image's search path. */
  readonly path: string;
}

/** Runs a command. */
export interface RunStep {
  readonly kind: 'run';
  readonly title: string;
  /** The words of the command, the shell's own included. */
  readonly argv: readonly string[];
  /** ENV and ARG as they are at this point. */
  readonly variables: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly user: StepUser;
  /** HOME is what the Dockerfile says, not what the user has. */
  readonly keepHome: boolean;
  readonly mounts: readonly RunMount[];
}

/** Something that is there while one RUN runs. */
export interface RunMount {
  readonly type: 'bind' | 'cache' | 'tmpfs' | 'secret' | 'file';
  /** Absolute. */
  readonly target: string;
  /** Where a bind or a cache comes from; undefined for a cache of its own. */
  readonly from?: CopySource | undefined;
  /** A path in `from`. */
  readonly source?: string | undefined;
  /** Of a secret or a cache. */
  readonly id: string;
  /** A secret that is a variable too, or only. */
  readonly variable?: string | undefined;
  /** A secret without which the step fails. */
  readonly required: boolean;
  readonly mode: string;
  readonly uid: string;
  readonly gid: string;
  /** Of a `file`: what is in it. */
  readonly content?: string | undefined;
}

/** Copies onto the disk. */
export interface CopyStep {
  readonly kind: 'copy';
  readonly title: string;
  readonly from: CopySource;
  /** Relative to where they come from; may have wildcards. */
  readonly sources: readonly string[];
  /** Files that the Dockerfile has in itself. */
  readonly documents: readonly { readonly name: string; readonly content: string }[];
  /** What is fetched from elsewhere. */
  readonly addresses: readonly string[];
  /** SHA-256 that what is fetched must have. */
  readonly checksum?: string | undefined;
  /** What is fetched from a git repository is one still. */
  readonly keepsGit: boolean;
  /** Absolute; a `/` at its end makes it a folder. */
  readonly target: string;
  /** Permissions of what is copied, as chmod takes them. */
  readonly mode?: string | undefined;
  /** Whose it is then, as names or numbers; undefined means root's, or of a stage's file whose it was. */
  readonly owner?: StepUser | undefined;
  /** What is left out, as patterns of `.dockerignore`. */
  readonly excluded: readonly string[];
  /** The folders above what is copied are kept. */
  readonly parents: boolean;
  /** Archives are unpacked: local ones, fetched ones, or none. */
  readonly unpack: boolean;
}

/** Makes a folder. */
export interface FolderStep {
  readonly kind: 'folder';
  readonly title: string;
  readonly path: string;
  readonly user: StepUser;
}

/** Changes nothing on the disk; the log tells of it. */
interface NoteStep {
  readonly kind: 'note';
  readonly title: string;
}

/** One step of a Dockerfile. */
export type DockerfileStep = BaseStep | RunStep | CopyStep | FolderStep | NoteStep;

/** One step behind a Dockerfile: file and code mounts, or a command that the devbox's own user runs. */
export type LaterStep =
  | { readonly kind: 'mounts'; readonly title: string }
  | { readonly kind: 'setup'; readonly title: string; readonly command: string };

/** What is built on one disk. */
export interface Stage {
  /** Its place in the Dockerfile, from 0. */
  readonly index: number;
  /** The stage whose disk it begins with; undefined for the computer's own system. */
  readonly base: number | undefined;
  /** The image has OpenHands' runtime in it, for which the platform's own action server stands in. */
  readonly openhands: boolean;
  /** The image is not one of Runloop's own, and so without the users and folders of devboxes. */
  readonly asFound: boolean;
  readonly steps: readonly DockerfileStep[];
}
