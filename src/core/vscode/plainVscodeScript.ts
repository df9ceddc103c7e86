import { quoteIfNeeded } from '../../ground/shellWords';
import { RuntimeError } from '../errors';
import { vscodePort } from '../actionServer/startupCommand';
import { devboxProblem } from '../problems/devbox';

/** Where code-server's own releases are; the version is one that was tried. */
export const codeServerReleases =
  'https://github.com/coder/code-server/releases/download/v4.139.1/code-server-4.139.1-linux-{arch}.tar.gz';

const folder = '.runloop-devboxes';
/** Relative to the home of the devbox's user. */
export const vscodeTokenFile = `${folder}/vscode-token`;
/** In the home itself: nothing has made the folder yet. */
export const vscodeScriptFile = '.runloop-devboxes-vscode.sh';
export const vscodeLogFile = `${folder}/vscode-log`;
/** Holds the home of the devbox's user, which a window that finds the server running does not know. */
export const vscodeHomeFile = `${folder}/vscode-home`;

/**
 * The script, for any POSIX shell, that starts a VS Code server in a devbox and leaves it running. A server that is started anew, as after a
 * suspend, asks for the same token, so that a page which was open before gets in again; in another devbox, made from a
 * snapshot of this one, it asks for another. Its last line is `running HOME` (it was
 * started before), `started HOME`, or `missing`.
 *
 * Servers are looked for where the local platform announces one, where OpenHands' images have theirs, on the PATH, and
 * where this script installed one before.
 *
 * @throws RuntimeError `invalid_option` for a download that is not https, or http on this computer
 */
export function plainVscodeScript(installFrom: string | undefined, devboxId: string): string {
  const install = installFrom === undefined ? 'echo missing; exit 0' : installScript(checkedAddress(installFrom));
  return `# Starts a VS Code server for the Runloop Devboxes extension.
set -u
usual=$(umask)
umask 077
dir="$HOME/${folder}"
mkdir -p "$dir"
printf %s "$HOME" > "$dir/vscode-home"
started_at() { cut -d" " -f22 "/proc/$1/stat" 2>/dev/null; }
if [ -s "$dir/vscode-token" ] && read -r p t 2>/dev/null < "$dir/vscode-process" && [ "$(started_at "$p")" = "$t" ]; then
  echo "running $HOME"
  exit 0
fi
server= node=
look() { if [ -z "$server" ] && [ -f "$1/out/server-main.js" ] && [ -x "$2" ]; then server=$1 node=$2; fi; }
root_of() { program=$(command -v "$1") && dirname "$(dirname "$(readlink -f "$program")")"; }
look "\${RUNLOOP_LOCAL_VSCODE_SERVER:-}" "\${RUNLOOP_LOCAL_VSCODE_NODE:-}"
look /openhands/.openvscode-server /openhands/.openvscode-server/node
if root=$(root_of openvscode-server); then look "$root" "$root/node"; fi
if root=$(root_of code-server); then look "$root/lib/vscode" "$root/lib/node"; fi
look "$dir/code-server/lib/vscode" "$dir/code-server/lib/node"
if [ -z "$server" ]; then
${install}
look "$dir/code-server/lib/vscode" "$dir/code-server/lib/node"
fi
if [ -z "$server" ]; then echo "The archive has no VS Code server in it." >&2; exit 66; fi
echo starting
devbox=${quoteIfNeeded(devboxId)}
if [ "$(cat "$dir/vscode-token-of" 2>/dev/null)" != "$devbox" ] || ! grep -Eqx '[0-9a-f]{48}' "$dir/vscode-token" 2>/dev/null; then
  rm -f "$dir/vscode-token" "$dir/vscode-token-of"
  head -c 24 /dev/urandom | od -An -vtx1 | tr -d ' \\n' > "$dir/vscode-token"
  printf %s "$devbox" > "$dir/vscode-token-of"
  # On a full disk, say, what it wrote is no token: nothing is served without one.
  if ! grep -Eqx '[0-9a-f]{48}' "$dir/vscode-token"; then echo "No token could be written into $dir." >&2; exit 73; fi
fi
cd "$HOME"
: > "$dir/vscode-log"
# What is made in the VS Code is to be like everything else that the user makes.
umask "$usual"
VSCODE_PROXY_URI= setsid "$node" "$server/out/server-main.js" --host "\${RUNLOOP_LOCAL_BIND:-0.0.0.0}" --port ${vscodePort} \\
  --connection-token-file "$dir/vscode-token" --accept-server-license-terms --disable-telemetry --disable-workspace-trust \\
  --server-data-dir "$dir/vscode-data" > "$dir/vscode-log" 2>&1 < /dev/null &
echo "$! $(started_at "$!")" > "$dir/vscode-process"
echo "started $HOME"
`;
}

function installScript(address: string): string {
  const urlFor = (arch: string): string => quoteIfNeeded(address.replaceAll('{arch}', arch));
  return `
case $(uname -m) in
  x86_64) url=${urlFor('amd64')} ;;
  aarch64 | arm64) url=${urlFor('arm64')} ;;
  *) echo "There is no code-server for $(uname -m)." >&2; exit 65 ;;
esac
archive="$dir/code-server.tar.gz"
part="$dir/code-server.part"
rm -rf "$archive" "$part"
if command -v curl > /dev/null; then
  curl -fsSL --retry 2 -o "$archive" "$url" &
elif command -v wget > /dev/null; then
  wget -q -O "$archive" "$url" &
else
  echo "The devbox has neither curl nor wget." >&2
  exit 69
fi
fetching=$!
while kill -0 "$fetching" 2> /dev/null; do
  echo "downloading $(stat -c %s "$archive" 2> /dev/null || echo 0)"
  sleep 1
done
if ! wait "$fetching"; then echo "code-server could not be downloaded from $url" >&2; exit 70; fi
echo unpacking
mkdir -p "$part"
tar -xzf "$archive" -C "$part" --strip-components=1 || exit 71
rm -rf "$archive" "$dir/code-server"
mv "$part" "$dir/code-server"
`;
}

function checkedAddress(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && /^(?:127\.|localhost$)/.test(url.hostname))) {
    return address;
  }
  throw new RuntimeError({ problem: devboxProblem('archive_address') });
}
