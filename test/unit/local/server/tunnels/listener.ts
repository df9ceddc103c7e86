import { RunloopSDK } from '@runloop/api-client';
import type { TestPlatform } from '../../../../platform/testPlatform';

/** What a command says in a devbox. */
export async function outputOf({ baseUrl, apiKey }: TestPlatform, id: string, command: string): Promise<string> {
  const sdk = new RunloopSDK({ baseURL: baseUrl, bearerToken: apiKey, http2: false });
  return (await sdk.devbox.fromId(id).cmd.exec(command)).stdout();
}

/**
 * Listens in a devbox in the background and writes down whatever it gets.
 *
 * @returns `ready`, or nothing where it could not
 */
export function listen(platform: TestPlatform, id: string, address: string, port: number): Promise<string> {
  return outputOf(
    platform,
    id,
    `node -e 'require("net").createServer((c) => c.on("data", (d) => require("fs").appendFileSync("/home/user/heard", d)).on("error", () => {}).write("HTTP/1.1 200 OK\\r\\ncontent-length: 3\\r\\n\\r\\nspy")).listen(${port}, "${address}", () => require("fs").writeFileSync("/home/user/ready", ""))' > /dev/null 2>&1 & node=$!; until [ -e /home/user/ready ] || ! kill -0 $node 2> /dev/null; do sleep 0.05; done; rm /home/user/ready && echo ready`,
  );
}
