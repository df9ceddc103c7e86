/** A parsed `/execute_action` request: the type of the action and its fields, not yet checked. */
export interface ActionRequest {
  readonly action: string;
  readonly args: ActionFields;
  /** Seconds; undefined for no limit. */
  readonly timeoutSeconds: number | undefined;
}

/** The request cannot be understood at all. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError';
}

/** The action cannot be executed; the text is what the client gets to see. */
export class ActionError extends Error {
  override readonly name = 'ActionError';
}

/** A field has the wrong type. Clients of this protocol get this as an observation, not as a failed request. */
export class FieldTypeError extends Error {
  override readonly name = 'FieldTypeError';
}

/** Reads an action's fields, checking each type when it is asked for. */
export class ActionFields {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #action: string;

  constructor(action: string, fields: Record<string, unknown>) {
    this.#action = action;
    this.#fields = new Map(Object.entries(fields));
  }

  /** @throws ActionError when it is missing, FieldTypeError when it is no text */
  requiredText(name: string): string {
    if (!this.#fields.has(name)) {
      throw new ActionError(`Action ${this.#action} is missing the required argument '${name}'.`);
    }
    const value = this.#fields.get(name);
    if (typeof value !== 'string') throw this.#wrongType(name, 'a string');
    return value;
  }

  /** @throws FieldTypeError when it is there and no text */
  optionalText(name: string): string | null {
    const value = this.#fields.get(name) ?? null;
    if (value !== null && typeof value !== 'string') throw this.#wrongType(name, 'a string');
    return value;
  }

  /** @throws FieldTypeError when it is there and no boolean */
  flag(name: string): boolean {
    const value = this.#fields.get(name) ?? false;
    if (typeof value !== 'boolean') throw this.#wrongType(name, 'a boolean');
    return value;
  }

  /** @throws FieldTypeError when it is there and no whole number */
  wholeNumber(name: string, fallback: number): number {
    const value = this.#fields.get(name) ?? fallback;
    if (typeof value !== 'number' || !Number.isInteger(value)) throw this.#wrongType(name, 'a whole number');
    return value;
  }

  /** The field as it came, for those that have rules of their own. */
  raw(name: string): unknown {
    return this.#fields.get(name) ?? null;
  }

  #wrongType(name: string, wanted: string): FieldTypeError {
    return new FieldTypeError(`Argument '${name}' of action ${this.#action} must be ${wanted}.`);
  }
}

const knownTypes = [
  ...['run', 'run_ipython', 'read', 'write', 'edit', 'browse', 'browse_interactive', 'call_tool_mcp', 'think'],
  ...['message', 'system', 'recall', 'finish', 'reject', 'delegate', 'null', 'change_agent_state', 'condensation'],
  ...['condensation_request', 'task_tracking', 'loop_recovery'],
];

/**
 * Parses the body of `/execute_action`.
 *
 * @param body parsed JSON
 * @throws InvalidRequestError when there is no action object, ActionError when the action is not well-formed
 */
export function parseActionRequest(body: unknown): ActionRequest {
  const envelope = isRecord(body) ? body['action'] : undefined;
  if (!isRecord(envelope)) throw new InvalidRequestError('action: an object is required in the body');
  const type = envelope['action'];
  if (type === undefined && 'observation' in envelope) throw new ActionError('400: Invalid action type');
  if (typeof type !== 'string') throw new ActionError("The action needs its type in the field 'action'.");
  if (!knownTypes.includes(type)) {
    throw new ActionError(`Action type '${type}' is not known. Known types: ${knownTypes.join(', ')}.`);
  }
  const args = 'args' in envelope ? envelope['args'] : {};
  if (!isRecord(args)) throw new ActionError("The action's 'args' must be an object.");
  if ('source' in envelope && !['agent', 'user', 'environment'].includes(String(envelope['source']))) {
    throw new ActionError("The action's 'source' must be agent, user or environment.");
  }
  return { action: type, args: new ActionFields(type, args), timeoutSeconds: parseTimeout(envelope['timeout']) };
}

function parseTimeout(value: unknown): number | undefined {
  if (value === undefined || value === null || value === 0) return undefined;
  if (typeof value !== 'number' || !(value > 0)) {
    throw new ActionError("The action's 'timeout' must be a number of seconds.");
  }
  return value;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
