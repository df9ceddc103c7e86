const mostStates = 10;

/** The earlier states of edited files, newest last. Lives as long as the server. */
export class EditHistory {
  readonly #states = new Map<string, string[]>();

  /** Keeps a state of a file. */
  push(path: string, text: string): void {
    const states = this.#states.get(path) ?? [];
    states.push(text);
    if (states.length > mostStates) states.shift();
    this.#states.set(path, states);
  }

  /** Takes the newest state of a file out; undefined when there is none. */
  pop(path: string): string | undefined {
    return this.#states.get(path)?.pop();
  }
}
