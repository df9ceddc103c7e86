import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Running, Say } from '../campaign';
import type { Dice } from '../dice';
import { type Client, type TestPlatform, startPlatform } from '../../platform/testPlatform';
import { send, tunnelHost, whenListening } from '../../platform/tunnelRequests';
import { spoiltAnswer, spoiltRequest } from './hostileBytes';
import { Workers } from './workers';

/** How many devboxes work beside the hostile ones. */
const workerCount = 10;

/** Attacks at once, which are a run. */
const attacksInRun = 20;

/** How long they work before anything hostile happens, in milliseconds. */
const idleTime = 3_000;

/**
 * Lives in a hostile devbox. On 4444 it answers a path with the bytes that it is the hexadecimal form of; on 4446 it sends
 * bytes to a port of its loopback, as `/port/bytes`.
 */
const agent = `const net = require("net"), bind = process.env.RUNLOOP_LOCAL_BIND;
process.on("uncaughtException", () => {});
net.createServer((c) => { c.on("error", () => {}); c.once("data", (d) => {
  const hex = /^[A-Z]+ \\/([0-9a-f]*)[? ]/.exec(d.toString("latin1"))?.[1] ?? "";
  c.end(hex === "" ? "HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\nok" : Buffer.from(hex, "hex")); }); }).listen(4444, bind);
require("http").createServer((q, s) => { const [, port, hex] = q.url.split("/");
  const c = net.connect(Number(port), "127.0.0.1"); c.on("error", () => {}).on("close", () => s.end());
  c.setTimeout(300, () => c.destroy()); c.resume(); c.end(Buffer.from(hex ?? "", "hex")); }).listen(4446, bind);`;

type Attack = (dice: Dice) => Promise<unknown>;

interface Hostile {
  readonly id: string;
  readonly key: string;
}

/** Hostile devboxes beside such that work. */
export async function devboxSiege(say: Say): Promise<Running> {
  const platform = await startPlatform([], { longLived: true });
  const client = platform.client();
  const workers = await Workers.start(platform, client, workerCount);
  const policy = await client.networkPolicies.create({
    name: 'siege',
    allowed_hostnames: ['*.localhost'],
    allowed_cidrs: [{ cidr: '0.0.0.0/0' }],
  });
  const hostile: Hostile[] = [];
  for (const parameters of [{}, { network_policy_id: policy.id }]) {
    const { id, tunnel } = await client.devboxes.createAndAwaitRunning({
      entrypoint: `exec node -e '${agent}'`,
      tunnel: {},
      launch_parameters: parameters,
    });
    hostile.push({ id, key: tunnel?.tunnel_key ?? '' });
    await whenListening(platform, tunnelHost(platform, 4444, tunnel?.tunnel_key ?? ''));
  }
  await sleep(idleTime);
  const idle = workers.takeTime();
  const attacks = attacksOn(platform, client, hostile);
  return {
    run: async (dice) => {
      const counts: Record<string, number> = {};
      const chosen = Array.from({ length: attacksInRun }, () => dice.pick(weighted(attacks)));
      await Promise.all(
        chosen.map(([name, attack]) => {
          counts[name] = (counts[name] ?? 0) + 1;
          return attack(dice);
        }),
      );
      check(platform, workers);
      return counts;
    },
    end: async () => {
      const busy = workers.takeTime();
      await workers.stop();
      say(
        `others answered ${workers.answered}, lost ${workers.lost.length}; 99 of 100 within ${idle.toFixed(1)} ms idle, ${busy.toFixed(1)} ms besieged`,
      );
      say(platform.stderr().split('\n').slice(-20).join('\n'));
      await platform.stop();
    },
  };
}

/** @throws Error when the platform has ended or made a mistake, or somebody lost something */
function check(platform: TestPlatform, workers: Workers): void {
  if (platform.child.exitCode !== null || platform.child.signalCode !== null) {
    throw new Error(`The platform has ended: ${platform.stderr().slice(-2_000)}`);
  }
  const mistake = /made a mistake.*(?:\n +at .*)*/.exec(platform.stderr())?.[0];
  if (mistake !== undefined) throw new Error(mistake);
  const lost = workers.lost.splice(0);
  if (lost.length > 0) throw new Error(`others lost requests: ${lost.join('; ')}`);
}

type Weighted = readonly [weight: number, attack: Attack];

function weighted(attacks: Readonly<Record<string, Weighted>>): readonly (readonly [string, Attack])[] {
  return Object.entries(attacks).flatMap(([name, [weight, attack]]) =>
    Array.from({ length: weight }, (): readonly [string, Attack] => [name, attack]),
  );
}

function attacksOn(
  platform: TestPlatform,
  client: Client,
  hostile: readonly Hostile[],
): Readonly<Record<string, Weighted>> {
  /** The client's side of a hostile answer: whatever it gets is right, as long as it gets an end. */
  const ask = (host: string, path: string): Promise<unknown> => send(platform, host, path).catch(() => undefined);
  const execute = (id: string, command: string): Promise<unknown> =>
    client.devboxes.executeAndAwaitCompletion(id, { command }).catch(() => undefined);
  return {
    answers: [
      60,
      (dice) => ask(tunnelHost(platform, 4444, dice.pick(hostile).key), `/${spoiltAnswer(dice).toString('hex')}`),
    ],
    upgrades: [
      20,
      (dice) =>
        upgrade(platform.port, tunnelHost(platform, 4444, dice.pick(hostile).key), spoiltAnswer(dice).toString('hex')),
    ],
    requests: [
      15,
      (dice) => {
        const port = dice.pick([platform.port, 3128]);
        const bytes = spoiltRequest(dice, platform.port).toString('hex');
        return ask(tunnelHost(platform, 4446, dice.pick(hostile).key), `/${port}/${bytes}`);
      },
    ],
    outputs: [
      2,
      (dice) => {
        const long = dice.whole(0, 300_000);
        return execute(
          dice.pick(hostile).id,
          `head -c ${long} /dev/urandom >&$((1 + ${dice.whole(0, 1)})); exit ${dice.whole(0, 255)}`,
        );
      },
    ],
    trees: [
      1,
      (dice) =>
        execute(
          dice.pick(hostile).id,
          `cd "$(mktemp -d)" && name=$(printf 'n%.0s' {1..${dice.whole(1, 250)}}) && for i in {1..${dice.whole(1, 40)}}; do mkdir "$name" $'\\xff'$i 2> /dev/null; cd -P "./$name" 2> /dev/null; done; ln -s /proc/self/root loop; : > $'a\\nb'; ${dice.chance(0.5) ? 'cd /; rm -rf /tmp/tmp.*' : ':'}`,
        ),
    ],
    names: [
      2,
      (dice) => {
        const name = Array.from({ length: dice.whole(1, 300) }, () => String.fromCharCode(dice.whole(1, 0x2fff))).join(
          '',
        );
        const { id } = dice.pick(hostile);
        return (
          dice.chance(0.5)
            ? client.devboxes.writeFileContents(id, { file_path: name, contents: name })
            : client.devboxes.readFileContents(id, { file_path: name })
        ).catch(() => undefined);
      },
    ],
  };
}

/** Asks for a WebSocket and takes whatever comes instead. */
function upgrade(port: number, host: string, hex: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(
        `GET /${hex} HTTP/1.1\r\nhost: ${host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      ),
    );
    socket.on('error', () => undefined).once('close', () => resolve());
    socket.resume().setTimeout(500, () => socket.destroy());
  });
}
