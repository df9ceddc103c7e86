import { WebSocket } from 'ws';
import type { Client, TestPlatform } from '../../platform/testPlatform';
import { send, tunnelHost, whenListening } from '../../platform/tunnelRequests';

/**
 * Lives in a hostile devbox. On 4444 it answers a path with the bytes that it is the hexadecimal form of; on 4445 it takes
 * every WebSocket and then sends such bytes; on 4446 it sends bytes to a port of its loopback, as `/port/bytes`, or opens
 * many connections to it, as `/port/many/number`; on 4447 it says them on its own output.
 */
const agent = `const net = require("net"), http = require("http"), bind = process.env.RUNLOOP_LOCAL_BIND;
process.on("uncaughtException", () => {});
const bytes = (hex) => Buffer.from(hex ?? "", "hex"), pathOf = (d) => /^[A-Z]+ \\/([0-9a-f]*)[? ]/.exec(d.toString("latin1"))?.[1] ?? "";
net.createServer((c) => { c.on("error", () => {}); c.once("data", (d) => { const hex = pathOf(d);
  c.end(hex === "" ? "HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\nok" : bytes(hex)); }); }).listen(4444, bind);
net.createServer((c) => { c.on("error", () => {}); c.once("data", (d) => {
  const key = /sec-websocket-key: *(\\S+)/i.exec(d.toString("latin1"))?.[1] ?? "";
  const accept = require("crypto").createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
  c.write("HTTP/1.1 101 Switching Protocols\\r\\nupgrade: websocket\\r\\nconnection: Upgrade\\r\\nsec-websocket-accept: " + accept + "\\r\\n\\r\\n");
  c.write(bytes(pathOf(d))); setTimeout(() => c.destroy(), 200); }); }).listen(4445, bind);
http.createServer((q, s) => { const [, port, hex, number] = q.url.split("/");
  if (hex === "many") { const all = Array.from({ length: Number(number) }, () => net.connect(Number(port), "127.0.0.1").on("error", () => {}));
    setTimeout(() => { all.forEach((c) => c.destroy()); s.end(); }, 300); return; }
  const c = net.connect(Number(port), "127.0.0.1"); c.on("error", () => {}).on("close", () => s.end());
  c.setTimeout(300, () => c.destroy()); c.resume(); c.end(bytes(hex)); }).listen(4446, bind);
http.createServer((q, s) => { process.stdout.write(bytes(q.url.slice(1)), () => s.end()); }).listen(4447, bind);`;

/** How many terminals this process has opened. */
let terminals = 0;

/** A devbox whose programs mean ill. */
export interface Hostile {
  readonly id: string;
  /** Of its tunnel. */
  readonly key: string;
}

/** Starts one, with a network policy or without. */
export async function startHostile(
  platform: TestPlatform,
  client: Client,
  policy: string | undefined,
): Promise<Hostile> {
  const { id, tunnel } = await client.devboxes.createAndAwaitRunning({
    entrypoint: `exec node -e '${agent}'`,
    tunnel: {},
    launch_parameters: {
      keep_alive_time_seconds: 48 * 3_600,
      ...(policy === undefined ? {} : { network_policy_id: policy }),
    },
  });
  const key = tunnel?.tunnel_key ?? '';
  await whenListening(platform, tunnelHost(platform, 4444, key));
  return { id, key };
}

/** Types a command in a terminal of its own, and reads what comes until that is over or a moment has passed. */
export async function typeInTerminal(
  platform: { readonly port: number },
  client: Client,
  { id, command }: { readonly id: string; readonly command: string },
): Promise<void> {
  const session = `t${(terminals += 1)}`;
  const { auth_token: token, tunnel_key: key } = await client.devboxes.createPtyTunnel(id);
  const host = tunnelHost(platform, 13, key);
  const headers = { authorization: `Bearer ${token}` };
  const made = await send(platform, host, `/pty/${session}`, { headers });
  const url = /"connect_url": ?"([^"]+)"/.exec(made.text)?.[1];
  if (url === undefined) return;
  await new Promise<void>((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${platform.port}${url}`, token, { headers: { host } });
    const late = setTimeout(() => socket.terminate(), 2_000);
    socket.once('open', () => socket.send(Buffer.from(`${command}; exit\r`)));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(late);
      resolve();
    });
  });
  await send(platform, host, `/pty/${session}/control`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{"action":"close"}',
  });
}
