import { type Lookup, ExpandError, expand } from './expand';
import type { Refuse } from './refusal';

/** Build arguments that need no ARG, and are not part of what is built. */
const predefined = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

/** Arguments that Docker itself has values for. */
export function platformArguments(): Readonly<Record<string, string>> {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  return Object.fromEntries(
    ['TARGET', 'BUILD'].flatMap((side) => [
      [`${side}PLATFORM`, `linux/${architecture}`],
      [`${side}OS`, 'linux'],
      [`${side}ARCH`, architecture],
      [`${side}VARIANT`, ''],
    ]),
  );
}

/** The variables of one stage. */
export class Scope {
  readonly #environment: Map<string, string>;
  readonly #arguments: Map<string, string>;
  readonly #escape: string;

  constructor(
    escape: string,
    environment: Readonly<Record<string, string>>,
    args: Readonly<Record<string, string>> = {},
  ) {
    this.#escape = escape;
    this.#environment = new Map(Object.entries(environment));
    this.#arguments = new Map(Object.entries(args));
  }

  /** ENV as it is now. */
  get environment(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#environment);
  }

  /** ARG as it is now. */
  get arguments(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#arguments);
  }

  /**
   * What a command runs with: an ENV hides the ARG of its name.
   * @param given the caller's build arguments
   */
  variables(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const proxies = Object.entries(given).filter(([name]) => predefined.includes(name));
    return { ...Object.fromEntries(proxies), ...this.arguments, ...this.environment };
  }

  setEnvironment(name: string, value: string): void {
    this.#environment.set(name, value);
  }

  setArgument(name: string, value: string): void {
    this.#arguments.set(name, value);
  }

  /** Fills in the variables of one word. */
  fill(text: string, refuse: Refuse, raw = false): string {
    const lookup: Lookup = (name) => this.#environment.get(name) ?? this.#arguments.get(name);
    try {
      return expand(text, lookup, { escape: this.#escape, raw });
    } catch (error) {
      if (error instanceof ExpandError) {
        throw refuse(`"${text}" cannot be read: ${error.message}.`);
      }
      throw error;
    }
  }
}

/** True for build arguments that nobody has to ask for by ARG. */
export function isPredefined(name: string): boolean {
  return predefined.includes(name) || name.startsWith('BUILDKIT_') || name === 'SOURCE_DATE_EPOCH';
}
