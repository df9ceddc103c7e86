/** Bytes of a line that are shown of it; the rest is cut. */
const longestShown = 1_000;

/**
 * Searches a folder. By its input come, each ended by NUL: the folder, what to look for, `r` for a regular expression (else a
 * text), `c` for the same case, `w` for whole words, then globs: `+` what is searched, `-` what is left out; with `rg` where the
 * devbox has it, else with `find` and `grep`. It says lines of `PATH\\000LINE:TEXT`, as sed's `l` writes them, and at last `=CODE`
 * behind what was said of an error.
 */
export const searchScript = `LC_ALL=C; export LC_ALL
arg() { IFS= read -r -d '' "$1"; }
arg root; arg text; arg how; yes=(); no=()
while IFS= read -r -d '' one; do case $one in +*) yes+=("\${one#+}");; -*) no+=("\${one#-}");; esac; done
said=$(cd -- "$root" 2>&1) && cd -- "$root" || { printf '!%s\\n' "$said=3" | tr '\\n' ' '; echo; exit 0; }
# What the system tells of itself there has no end, and waits for what comes.
system=(); [ "$(pwd -P)" != / ] || system=(proc sys dev)
line=; ! command -v stdbuf >/dev/null || line='stdbuf -oL'
if command -v rg >/dev/null; then
  to=(--no-config --no-messages --null --with-filename --line-number --no-heading --line-buffered --hidden -g '!.git'
    --color always --colors path:none --colors line:none --colors match:none --colors match:style:bold
    --max-columns ${longestShown} --max-columns-preview)
  [[ $how = *r* ]] || to+=(-F); [[ $how = *c* ]] || to+=(-i); [[ $how != *w* ]] || to+=(-w)
  for one in "\${yes[@]}"; do to+=(-g "$one"); done; for one in "\${no[@]}"; do to+=(-g "!$one"); done
  for one in "\${system[@]}"; do to+=(-g "!/$one"); done
  search() { rg "\${to[@]}" -e "$text" -- ./; }
else
  as=-F; [[ $how != *r* ]] || { as=-E; ! echo | grep -qP '^$' 2>/dev/null || as=-P; }
  to=(-nHZs $as --line-buffered --color=always); [[ $how = *c* ]] || to+=(-i); [[ $how != *w* ]] || to+=(-w)
  # Where a glob has a slash it is about the whole path, in which * matches anything.
  named() { local g=$1; if [[ $g != */* ]]; then tests+=(-o -name "$g"); return; fi
    g=\${g#./}; g=\${g#/}; if [[ $g = '**/'* ]]; then tests+=(-o -path "./\${g#'**/'}"); fi
    tests+=(-o -path "./\${g//'**'/'*'}"); }
  of=(-type f); tests=(); for one in "\${yes[@]}"; do named "$one"; done
  [ \${#tests[@]} = 0 ] || of+=('(' "\${tests[@]:1}" ')')
  tests=(); for one in "\${no[@]}"; do named "$one"; done
  [ \${#tests[@]} = 0 ] || of+=('!' '(' "\${tests[@]:1}" ')')
  out=(); for one in "\${system[@]}"; do out+=(-o -path "./$one"); done
  # Text of another encoding is text, too: byte by byte it can be searched for what is ASCII; for letters and expressions, what has no
  # NUL is taken for text first, as else a file with one line that is not UTF-8 is left out.
  in=C; texts() { cat; }; [[ $how != *[rw]* && $text != *[!\\ -~]* ]] || { in=C.UTF-8; texts() { xargs -0 -r grep -lIZs '' --; }; }
  if [ $in = C ]; then to+=(-I); else to+=(-a); fi
  search() { command -v find >/dev/null || { echo 'find: command not found' >&2; return 127; }
    find . '(' -name .git -o -name node_modules "\${out[@]}" ')' -prune -o "\${of[@]}" -print0 2>/dev/null | texts |
    GREP_COLORS='mt=1:fn=:ln=:se=:ne' LC_ALL=$in xargs -0 -r grep "\${to[@]}" -e "$text" -- ; }
fi
exec 3>&1
said=$({ { search; echo "=$?" >&2; } | $line cut -b -${longestShown * 6} | $line sed -n 'l 0' >&3; } 2>&1 | head -c 4000)
printf '!%s\\n' "$said" | tr '\\n' ' '; echo`;

/** Lists the names of all files below a folder, each ended by NUL. */
export const namesScript = `LC_ALL=C; export LC_ALL
IFS= read -r -d '' root; IFS= read -r -d '' most; cd -- "$root" || exit 3
not=(); out=(); [ "$(pwd -P)" != / ] || for one in proc sys dev; do not+=(-g "!/$one"); out+=(-o -path "./$one"); done
if command -v rg >/dev/null; then rg --no-config --no-messages --files --hidden -g '!.git' "\${not[@]}" -0 ./
else command -v find >/dev/null || { echo 'find: command not found' >&2; exit 3; }
find . '(' -name .git -o -name node_modules "\${out[@]}" ')' -prune -o '(' -type f -o -type l ')' -print0 2>/dev/null; fi | head -z -n "$most"
[ "\${PIPESTATUS[0]}" != 3 ] || exit 3
exit 0`;
