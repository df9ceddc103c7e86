import type { ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { findProgram, systemPath } from '../hostPrograms';
import { startProgram } from '../startProgram';
import { systemCalls } from '../systemCalls';
import { diagnosisScript } from './diagnosisScript';
import type { ListeningSocket } from './listeningSocket';

/** Within which an answer must be there, in milliseconds. */
const patience = 2_000;

type Answer = readonly ListeningSocket[] | undefined;

/** A question that has no answer yet, and the next one for the same port. */
interface Question {
  readonly answer: Promise<Answer>;
  next: Promise<Answer> | undefined;
}

/** A program that asks the kernel who listens, started for the first question and kept for all others. */
export class SocketDiagnosis {
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  readonly #questions = new Map<number, Question>();
  #child: ChildProcess | undefined;
  #asked = 0;
  #everAnswered = false;
  #isUseless = false;

  /**
   * The sockets of this network that listen on a port, as it is from now on; undefined where the kernel cannot be asked so. All
   * who ask while an earlier question for the port is under way share the one after it.
   */
  ask(port: number): Promise<Answer> {
    const underWay = this.#questions.get(port);
    return underWay === undefined
      ? this.#question(port)
      : (underWay.next ??= underWay.answer.then(() => this.#question(port)));
  }

  #question(port: number): Promise<Answer> {
    const question: Question = { answer: this.#send(port), next: undefined };
    this.#questions.set(port, question);
    void question.answer.then(() => {
      if (question.next === undefined) this.#questions.delete(port);
    });
    return question.answer;
  }

  #send(port: number): Promise<Answer> {
    const child = this.#isUseless ? undefined : (this.#child ??= this.#start());
    if (child === undefined) {
      this.#isUseless = true;
      return Promise.resolve(undefined);
    }
    const number = String((this.#asked += 1));
    return new Promise((resolve) => {
      const late = setTimeout(() => child.kill('SIGKILL'), patience);
      this.#waiting.set(number, (answer) => {
        clearTimeout(late);
        this.#waiting.delete(number);
        resolve(answer);
      });
      child.stdin?.write(`${number} ${port}\n`);
    });
  }

  dispose(): void {
    this.#isUseless = true;
    this.#child?.kill('SIGKILL');
  }

  #start(): ChildProcess | undefined {
    const perl = findProgram('perl');
    if (perl === undefined) return undefined;
    const child = startProgram(perl, ['-e', diagnosisScript, String(systemCalls?.schedule ?? 0)], {
      env: { PATH: systemPath, LC_ALL: 'C' },
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const over = (): void => {
      if (this.#child === child) this.#child = undefined;
      // One that never had an answer will have none; one that had is started once more for the next question.
      this.#isUseless ||= !this.#everAnswered;
      for (const answer of [...this.#waiting.values()]) answer(undefined);
    };
    child.once('exit', over).once('error', over);
    child.stdin?.on('error', () => child.kill('SIGKILL'));
    if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
    // It is nobody's reason to go on.
    child.unref();
    for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream.unref();
    return child;
  }

  #take(line: string): void {
    const [number = '', ...rows] = line.split(' ');
    this.#everAnswered = true;
    this.#waiting.get(number)?.(
      rows.map((row) => {
        const [host = '', inode = '', only6] = row.split(':');
        return { host, inode, only6: only6 === '1' };
      }),
    );
  }
}
