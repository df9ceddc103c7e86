import { asArray, asObject, asString, parseJson } from '../../core/parse';
import type { Served } from '../../core/vscode/vscodeAddress';
import type { Secrets } from '../account/limitedSecrets';
import type { Log } from '../messages/log';

/** With what the VS Codes are served that windows have opened, so that a reload needs no request to go on with them. */
export class ServedSecrets {
  readonly #secrets: Secrets;
  readonly #log: Log;
  readonly #stored = new Map<string, string>();
  #turn: Promise<void> = Promise.resolve();

  constructor({ secrets, log }: { readonly secrets: Secrets; readonly log: Log }) {
    this.#secrets = secrets;
    this.#log = log;
  }

  async get(devboxId: string): Promise<Served | undefined> {
    try {
      const kept = asObject(parseJson((await this.#secrets.get(name(devboxId))) ?? ''));
      const origin = asString(kept?.['origin']);
      if (origin === undefined || !URL.canParse(origin)) return undefined;
      const tokens = asArray(kept?.['tokens']).flatMap((token) => (typeof token === 'string' ? [token] : []));
      return { origin, tunnelToken: asString(kept?.['tunnelToken']), tokens };
    } catch (error) {
      this.#log.failure('Reading how a VS Code is served', error);
      return undefined;
    }
  }

  set(devboxId: string, served: Served): void {
    const text = JSON.stringify(served);
    if (this.#stored.get(devboxId) === text) return;
    this.#stored.set(devboxId, text);
    this.#inTurn(() => this.#secrets.store(name(devboxId), text));
  }

  remove(devboxId: string): void {
    this.#stored.delete(devboxId);
    this.#inTurn(() => this.#secrets.delete(name(devboxId)));
  }

  #inTurn(work: () => Promise<void>): void {
    this.#turn = this.#turn
      .then(work)
      .catch((error: unknown) => this.#log.failure('Keeping how a VS Code is served', error));
  }
}

function name(devboxId: string): string {
  return `runloop.vscode:${devboxId}`;
}
