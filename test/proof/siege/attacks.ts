import { connect } from 'node:net';
import type { Client } from '../../platform/testPlatform';
import { send, tunnelHost } from '../../platform/tunnelRequests';
import type { Dice } from '../dice';
import { hostileName, spoiltAnswer, spoiltFrames, spoiltRequest } from './hostileBytes';
import { type Hostile, typeInTerminal } from './hostileDevbox';

/** One hostile deed of a devbox's, with a person or program that meets it. Whatever that gets is right, if it gets an end. */
export type Attack = (dice: Dice, from: Hostile) => Promise<unknown>;

/** The platform's address on loopback. */
type Port = { readonly port: number };

/** All kinds of attacks, each as often as it is to come among the others. */
export function attacksOn(platform: Port, client: Client): readonly (readonly [name: string, Attack])[] {
  return Object.entries({ ...throughTunnels(platform), ...byCommands(platform, client) }).flatMap(
    ([name, [often, attack]]) => Array.from({ length: often }, (): readonly [string, Attack] => [name, attack]),
  );
}

type Attacks = Readonly<Record<string, readonly [often: number, attack: Attack]>>;

function throughTunnels(platform: Port): Attacks {
  const host = ({ key }: Hostile, port: number): string => tunnelHost(platform, port, key);
  const ask = (to: string, path: string): Promise<unknown> => send(platform, to, path).catch(() => undefined);
  return {
    answers: [55, (dice, from) => ask(host(from, 4444), `/${spoiltAnswer(dice).toString('hex')}`)],
    upgrades: [10, (dice, from) => upgrade(platform.port, host(from, 4444), spoiltAnswer(dice), Buffer.alloc(0))],
    frames: [12, (dice, from) => upgrade(platform.port, host(from, 4445), spoiltFrames(dice), spoiltFrames(dice))],
    requests: [
      14,
      (dice, from) => {
        const port = dice.pick([platform.port, 3128]);
        return ask(host(from, 4446), `/${port}/${spoiltRequest(dice, platform.port).toString('hex')}`);
      },
    ],
    floods: [1, (dice, from) => ask(host(from, 4446), `/${platform.port}/many/${dice.whole(1, 300)}`)],
    logs: [2, (dice, from) => ask(host(from, 4447), `/${spoiltAnswer(dice).toString('hex')}`)],
  };
}

function byCommands(platform: Port, client: Client): Attacks {
  const execute = (id: string, command: string): Promise<unknown> =>
    client.devboxes.executeAndAwaitCompletion(id, { command }).catch(() => undefined);
  return {
    outputs: [
      2,
      (dice, { id }) =>
        execute(
          id,
          `head -c ${dice.whole(0, 300_000)} /dev/urandom >&$((1 + ${dice.whole(0, 1)})); exit ${dice.whole(0, 255)}`,
        ),
    ],
    terminals: [
      1,
      (dice, { id }) =>
        typeInTerminal(platform, client, { id, command: `head -c ${dice.whole(0, 100_000)} /dev/urandom` }).catch(
          () => undefined,
        ),
    ],
    trees: [
      1,
      (dice, { id }) =>
        execute(
          id,
          `cd "$(mktemp -d)" && name=$(printf 'n%.0s' {1..${dice.whole(1, 250)}}) && for i in {1..${dice.whole(1, 40)}}; do mkdir "$name" $'\\xff'$i 2> /dev/null; cd -P "./$name" 2> /dev/null; done; ln -s /proc/self/root loop; mkfifo pipe; : > $'a\\nb'; ${dice.chance(0.8) ? 'cd /; rm -rf /tmp/tmp.*' : ':'}`,
        ),
    ],
    names: [
      2,
      (dice, { id }) => {
        const name = hostileName(dice);
        return dice
          .pick([
            () => client.devboxes.writeFileContents(id, { file_path: name, contents: name }),
            () => client.devboxes.readFileContents(id, { file_path: name }),
            () => client.devboxes.downloadFile(id, { path: dice.pick([name, '/tmp', '/proc/self/fd', '/home/user']) }),
            () => client.devboxes.update(id, { name, metadata: { [name.slice(0, 50)]: name } }),
          ])()
          .catch(() => undefined);
      },
    ],
  };
}

/** Asks for a WebSocket, takes whatever comes instead, and answers it with bytes of its own. */
function upgrade(port: number, host: string, theirs: Buffer, ours: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(
        `GET /${theirs.toString('hex')} HTTP/1.1\r\nhost: ${host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      ),
    );
    socket.once('data', () => socket.write(ours));
    socket.on('error', () => undefined).once('close', () => resolve());
    socket.resume().setTimeout(500, () => socket.destroy());
  });
}
