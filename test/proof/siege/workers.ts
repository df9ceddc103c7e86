import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, TestPlatform } from '../../platform/testPlatform';
import { echoServer, send, tunnelHost, whenListening } from '../../platform/tunnelRequests';

/** Devboxes that just do their work, and notice when anything of it is lost. */
export class Workers {
  /** Requests that were answered. */
  answered = 0;
  /** What went wrong, a line each. */
  readonly lost: string[] = [];
  #times: number[] = [];
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

  /** Forgets the times so far and gives the time, in milliseconds, in which 99 of 100 requests were answered. */
  takeTime(): number {
    const times = this.#times.sort((a, b) => a - b);
    this.#times = [];
    return times[Math.floor(times.length * 0.99)] ?? 0;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops);
  }

  async #work(
    platform: TestPlatform,
    client: Client,
    worker: { readonly id: string; readonly host: string; readonly name: string },
  ): Promise<void> {
    for (let turn = 0; !this.#stop.signal.aborted; turn += 1) {
      try {
        const began = performance.now();
        const answer = await send(platform, worker.host, `/${turn}`);
        this.#times.push(performance.now() - began);
        if (!answer.text.includes(`"${worker.name}","url":"/${turn}"`)) {
          throw new Error(`${answer.status} ${answer.text.slice(0, 200)}`);
        }
        this.answered += 1;
        if (turn % 20 === 0) {
          const { stdout } = await client.devboxes.executeAndAwaitCompletion(worker.id, { command: `echo ${turn}` });
          if (stdout !== `${turn}\n`) throw new Error(`an execution gave ${JSON.stringify(stdout)}`);
          this.answered += 1;
        }
      } catch (error) {
        this.lost.push(`${worker.name}, turn ${turn}: ${String(error)}`);
      }
      await sleep(40);
    }
  }
}
