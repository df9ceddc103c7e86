/**
 * What devboxes see of this computer's `/etc`: what programs need of it to work as they do here, and nothing that says whose
 * computer it is or what runs on it. A blank-separated list; `*` stands for any characters of one name.
 */
const shown = `
  X11 adduser.conf alternatives bash.bashrc bash_completion bash_completion.d bashrc bindresvport.blacklist binfmt.d
  ca-certificates ca-certificates.conf crypto-policies curlrc dbus-1 dconf debconf.conf debian_version debuginfod deluser.conf
  dnf dpkg emacs ethertypes fish fonts gai.conf gdb gitattributes gitconfig glvnd gprofng.rc gradle groff group gss gtk-*
  host.conf hosts inputrc iproute2 issue java* julia jvm* ld.so.cache ld.so.conf ld.so.conf.d libaudit.conf libnl* locale.alias
  locale.conf locale.gen localtime login.defs lsb-release lynx magic magic.mime mailcap mailcap.order manpath.config maven
  mercurial mime.types mke2fs.conf mtab nanorc netconfig networks npmrc nsswitch.conf octave* OpenCL os-release pacman.conf
  pacman.d pam.conf pam.d papersize paperspecs passwd perl php pip pip.conf pki profile profile.d protocols python* R
  redhat-release resolv.conf rmt rpc rpm ruby* screenrc security services sgml shells skel static subversion system-release
  terminfo texmf timezone tmux.conf ucf.conf vim vulkan wgetrc xattr.conf xdg xml yarnrc yum yum.repos.d zsh
  *-release ImageMagick-* rc?.d
  apt/apt.conf apt/apt.conf.d apt/keyrings apt/listchanges.conf apt/preferences apt/preferences.d apt/sources.list
  apt/sources.list.d apt/trusted.gpg apt/trusted.gpg.d
  containers/policy.json containers/registries.conf containers/registries.conf.d
  default/keyboard default/locale default/nss default/useradd
  ssh/moduli ssh/ssh_config ssh/ssh_config.d
  ssl/certs ssl/ct_log_list.cnf ssl/openssl.cnf ssl/openssl.cnf.d
`
  .trim()
  .split(/\s+/);

const whole = shown.map(
  (pattern) =>
    new RegExp(
      `^${pattern
        .replaceAll(/[.+]/g, String.raw`\$&`)
        .replaceAll('*', '[^/]*')
        .replaceAll('?', '[^/]')}$`,
    ),
);
const parts = new Set(shown.filter((pattern) => pattern.includes('/')).map((pattern) => pattern.split('/')[0] ?? ''));

/**
 * How much of something in `/etc` devboxes see.
 * @param path below `/etc`
 * @param others further paths that are shown
 */
export function shownOf(path: string, others: ReadonlySet<string>): 'all' | 'part' | 'none' {
  if (others.has(path) || whole.some((pattern) => pattern.test(path))) {
    return 'all';
  }
  return parts.has(path) || others.has(`${path}/`) ? 'part' : 'none';
}
