import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, TestPlatform } from '../../platform/testPlatform';
import { echoServer, send, tunnelHost, whenListening } from '../../platform/tunnelRequests';
import { latencyName, type Phase } from './latencies';

interface Worker {
  readonly id: string;
  readonly host: string;
  readonly name: string;
}

/** Devboxes that just do their work, and notice when anything of it is lost. */
export class Workers {
  /** What happens meanwhile; a request whose answer comes in another phase than it began in is not timed. */
  phase: Phase = 'idle';
  #answered = 0;
  #lost: string[] = [];
  #times = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #loops: Promise<void>[] = [];

  /** Makes devboxes and lets them work. */
  static async start(platform: TestPlatform, client: Client, count: number): Promise<Workers> {
    const workers = new Workers();
    for (let at = 0; at < count; at += 1) {
      const { id, tunnel } = await client.devboxes.createAndAwaitRunning({
        name: `worker ${at}`,
        entrypoint: echoServer(`worker ${at}`),
        tunnel: {},
      });
      const host = tunnelHost(platform, 4444, tunnel?.tunnel_key ?? '');
      await whenListening(platform, host);
      workers.#loops.push(workers.#work(platform, client, { id, host, name: `worker ${at}` }));
    }
    return workers;
  }

  /** What they have done and lost since this was asked last, with how long their requests took. */
  take(): { readonly counts: Readonly<Record<string, number>>; readonly lost: readonly string[] } {
    const lost = this.#lost;
    const counts = {
      "others' requests answered": this.#answered,
      "others' requests lost": lost.length,
      ...Object.fromEntries(this.#times),
    };
    this.#answered = 0;
    this.#lost = [];
    this.#times = new Map();
    return { counts, lost };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops);
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #work(platform: TestPlatform, client: Client, worker: Worker): Promise<void> {
    for (let turn = 0; !this.#stop.signal.aborted; turn += 1) {
      try {
        await this.#ask(platform, worker, turn);
        if (turn % 20 === 0) {
          const { stdout } = await client.devboxes.executeAndAwaitCompletion(worker.id, { command: `echo ${turn}` });
          if (stdout !== `${turn}\n`) throw new Error(`an execution gave ${JSON.stringify(stdout)}`);
          this.#answered += 1;
        }
      } catch (error) {
        if (!this.#isStopped()) this.#lost.push(`${worker.name}, turn ${turn}: ${String(error)}`);
      }
      await sleep(40);
    }
  }

  async #ask(platform: TestPlatform, worker: Worker, turn: number): Promise<void> {
    const { phase } = this;
    const began = performance.now();
    const answer = await send(platform, worker.host, `/${turn}`);
    if (phase === this.phase) {
      const name = latencyName(phase, performance.now() - began);
      this.#times.set(name, (this.#times.get(name) ?? 0) + 1);
    }
    if (!answer.text.includes(`"${worker.name}","url":"/${turn}"`)) {
      throw new Error(`${answer.status} ${answer.text.slice(0, 200)}`);
    }
    this.#answered += 1;
  }
}
