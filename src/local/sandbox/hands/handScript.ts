/**
 * A Perl program that does one thing to a file of a devbox with nothing but what was loaded on the host: it enters the
 * devbox's namespaces by itself and starts no program in them. What the devbox has made of its shell, its libraries and
 * what they load first means nothing to it, and being in none of the devbox's process namespaces, nobody there can see,
 * stop or change it.
 * Arguments: the numbers of the calls setns and prctl, the first process on the host's side of the user namespaces, the
 * devbox's first process, the namespaces to enter, name and numbers of the user (nothing where there is one only), then
 * what is to be done, the path, and what that takes more.
 */
export const handScript = String.raw`
my ($setns, $prctl, $outer, $first, $spaces, $name, $uid, $gid, $what, $file, @more) = @ARGV;
sub refuse { syswrite(STDERR, "$_[0]\n"); exit 1 }
sub open_space { my ($pid, $kind) = @_; sysopen(my $space, "/proc/$pid/ns/$kind", 0) or refuse("$kind: $!"); return $space }
sub enter { my ($space) = @_; syscall($setns, fileno($space), 0) == 0 or refuse("The devbox could not be entered: $!") }
enter(open_space($outer, 'user'));
my @spaces = map { open_space($first, $_) } split(/,/, $spaces);
enter($_) for @spaces;
close($_) for @spaces;
chdir('/');
umask(022);

# The devbox's own lists say which numbers and groups a name has.
sub lines {
  my $list;
  sysopen($list, $_[0], 04000) && -f $list && -s _ < 4194304 or return ();
  my @lines = map { chomp; [split(/:/, $_, -1)] } <$list>;
  return grep { @$_ > 3 } @lines;
}
sub known { my ($wanted) = @_; for (lines('/etc/passwd')) { return ($_->[2], $_->[3]) if $_->[0] eq $wanted } return () }
if ($name ne '') {
  my @own = known($name);
  ($uid, $gid) = @own if @own && $uid != 0;
  my @groups = map { $_->[2] } grep { grep { $_ eq $name } split(/,/, $_->[3]) } lines('/etc/group');
  $! = 0;
  $) = join(' ', $gid, $gid, @groups);
  $( = $gid;
  ($<, $>) = ($uid, $uid);
  refuse("$name could not be become: $!") if $< != $uid || $> != $uid;
}
syscall($prctl, 1, 9, 0, 0, 0);

sub parent { my $path = $_[0]; $path =~ s{/+[^/]*/*$}{}; return $path eq '' ? '/' : $path }
sub make_folder {
  my ($folder) = @_;
  return 1 if -d $folder;
  make_folder(parent($folder)) if parent($folder) ne $folder;
  mkdir($folder) || -d $folder or refuse("cannot create the folder $folder: $!");
}
# Where a path leads, whether or not something is there.
sub resolve {
  my @left = grep { $_ ne '' && $_ ne '.' } split(m{/}, $_[0]);
  my ($path, $links) = ('', 0);
  while (@left) {
    my $part = shift @left;
    if ($part eq '..') { $path =~ s{/[^/]*$}{}; next }
    my $target = readlink("$path/$part");
    if (!defined $target) { $path .= "/$part"; next }
    refuse('Too many levels of symbolic links') if ++$links > 40;
    $path = '' if $target =~ m{^/};
    unshift @left, grep { $_ ne '' && $_ ne '.' } split(m{/}, $target);
  }
  return $path eq '' ? '/' : $path;
}
sub all { my ($to, $bytes) = @_; my $at = 0; while ($at < length $bytes) { $at += syswrite($to, $bytes, 65536, $at) || refuse("$!") } }
sub copy {
  my ($from, $to, $left) = @_;
  while (!defined $left || $left > 0) {
    my $read = sysread($from, my $bytes, !defined $left || $left > 65536 ? 65536 : $left);
    defined $read or refuse("$!");
    last if $read == 0;
    all($to, $bytes);
    $left -= $read if defined $left;
  }
}
# Whatever there is behind the name, to open it must not wait.
sub to_write {
  my ($path, $mode) = @_;
  sysopen(my $to, $path, 05101, $mode) or refuse("$path: $!");
  fcntl($to, 4, 1) if !-f $to;
  return $to;
}

if ($what eq 'read') {
  if (-d $file) { all(*STDOUT, "folder\n"); exit 0 }
  sysopen(my $from, $file, 04400) or refuse($! == 2 ? 'there is no such file' : "$!");
  -f $from or refuse('there is no such file');
  my $size = -s _ || 0;
  all(*STDOUT, "$size\n");
  # Files of the kernel's have no size; they are read to their end.
  copy($from, *STDOUT, $size == 0 ? undef : $size);
} elsif ($what eq 'write') {
  my ($mode, $owner) = @more;
  make_folder(parent($file));
  my $to = to_write($file, $mode eq '' ? 0666 : 0600);
  if ($mode ne '') { chmod(oct($mode), $to) or refuse("$file: $!") }
  copy(*STDIN, $to);
  if ($owner ne '') {
    my ($number, $group) = known($owner) or refuse("there is no user $owner");
    chown($number, $group, $to) or refuse("$file: $!");
  }
  close($to) or refuse("$!");
} elsif ($what eq 'receive') {
  make_folder(parent($file));
  sysopen(my $to, $file, 0301, 0644) or refuse("$file: $!");
  copy(*STDIN, $to);
  close($to) or refuse("$!");
} elsif ($what eq 'place') {
  my ($received) = @more;
  refuse('it is a folder') if -d $file;
  my $target = resolve($file);
  make_folder(parent($target));
  if (my @found = stat($target)) { chmod($found[2] & 07777, $received) or refuse("$target: $!") }
  if (!rename($received, $target)) {
    # On another file system.
    $! == 18 or refuse("$target: $!");
    my @found = stat($received);
    my ($fresh, $short) = ("$target.$$", 0);
    sysopen(my $from, $received, 04000) or refuse("$received: $!");
    sysopen(my $to, $fresh, 0301, 0600) or refuse("$fresh: $!");
    copy($from, $to);
    close($to) && chmod($found[2] & 07777, $fresh) && rename($fresh, $target) or do { my $why = "$!"; unlink($fresh); refuse("$target: $why") };
    unlink($received);
  }
} elsif ($what eq 'discard') {
  unlink($file) || $! == 2 or refuse("$file: $!");
}
exit 0;
`;
