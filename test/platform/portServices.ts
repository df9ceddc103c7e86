import type { DevboxCommands } from '../../src/core/channel/devboxCommands';

/** What tests open in a devbox, in Python: pages, server-sent events and WebSockets, what is no HTTP, and what is there on localhost only. */
const services = (
  port: number,
): string => `import base64, hashlib, http.server, json, os, socket, socketserver, threading, time

class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def log_message(self, *_): pass
    def say(self, status, headers, text):
        body = text.encode()
        self.send_response(status)
        for name, value in headers: self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        self.say(200, [], str(len(self.rfile.read(int(self.headers['Content-Length'])))))
    def do_GET(self):
        host = self.headers['Host']
        if self.path == '/headers': self.say(200, [('Content-Type', 'application/json')], json.dumps(dict(self.headers.items())))
        elif self.path == '/redirect': self.say(302, [('Location', 'http://%s/there?x=1' % host)], '')
        elif self.path == '/cookie': self.say(200, [('Set-Cookie', 'a=b; Domain=%s; Path=/' % host.split(':')[0])], '')
        elif self.path == '/forbidden': self.say(403, [('Content-Type', 'text/plain')], 'the own 403')
        elif self.path == '/events':
            self.send_response(200)
            self.send_header('Content-Type', 'text/event-stream')
            self.send_header('Connection', 'close')
            self.end_headers()
            for count in range(600):
                self.wfile.write(b'data: %d\\n\\n' % count)
                self.wfile.flush()
                time.sleep(0.3)
        elif self.headers.get('Upgrade', '').lower() == 'websocket': self.echo()
        else: self.say(200, [('Content-Type', 'text/html; charset=utf-8')], PAGE)
    def echo(self):
        key = self.headers['Sec-WebSocket-Key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
        self.send_response(101)
        self.send_header('Upgrade', 'websocket')
        self.send_header('Connection', 'Upgrade')
        self.send_header('Sec-WebSocket-Accept', base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        while True:
            head = self.rfile.read(2)
            if len(head) < 2 or head[0] & 15 == 8: return
            mask = self.rfile.read(4)
            text = bytes(byte ^ mask[at % 4] for at, byte in enumerate(self.rfile.read(head[1] & 127)))
            self.wfile.write(bytes([129, len(text)]) + text)
            self.wfile.flush()

PAGE = '''<!doctype html><title>Served in the devbox</title><style>body { font: 20px sans-serif; padding: 2em }</style>
<h1>Hello from the devbox</h1><p id=events>no events</p><p id=socket>no socket</p><script>
new EventSource('/events').onmessage = ({ data }) => { events.textContent = 'Server-sent event ' + data };
const ws = new WebSocket('ws://' + location.host + '/ws');
ws.onopen = () => ws.send('over a WebSocket');
ws.onmessage = ({ data }) => { socket.textContent = 'Echo ' + data };
</script>'''

class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    def handle_error(self, *_): pass

def listen(address, port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen()
    return s

def garbage(s):
    while True:
        client, _ = s.accept()
        client.sendall(b'\\x15\\x03\\x01 not http at all\\n')
        client.close()

own = os.environ.get('RUNLOOP_LOCAL_BIND', '0.0.0.0')
threading.Thread(target=garbage, args=(listen(own, ${port + 1}),), daemon=True).start()
hidden = listen('127.0.0.1', ${port + 2})
Server((own, ${port}), Pages).serve_forever()
`;

/**
 * Serves pages in a devbox on a port, what is no HTTP on the next one, and something on localhost only on the one behind that.
 * None of them may be in use on this computer, whose network the devboxes of a local platform share.
 */
export async function servePorts(commands: DevboxCommands, port: number): Promise<void> {
  const { signal } = new AbortController();
  const script = `cat > ~/serve.py <<'PYTHON'
${services(port)}
PYTHON
nohup python3 ~/serve.py > /tmp/serve.log 2>&1 < /dev/null &
for count in $(seq 200); do grep -qi ':${(port + 2).toString(16)} .* 0A ' /proc/net/tcp && break; sleep 0.05; done
sleep 0.3; cat /tmp/serve.log >&2; exit 0`;
  const { stderr } = await commands.run(script, { signal, deadlineMs: 30_000 });
  if (stderr.byteLength > 0) throw new Error(Buffer.from(stderr).toString());
}
