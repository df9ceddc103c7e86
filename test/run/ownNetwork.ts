/** What `unshare` is told for a network of one's own, as the same user. */
const alone = process.getuid?.() === 0 ? ['--net'] : ['--user', '--map-current-user', '--keep-caps', '--net'];

/** Words in front of a command that is to run in a network of its own, which has nothing but loopback. */
export const ownNetwork: readonly string[] = [
  'unshare',
  ...alone,
  'sh',
  '-c',
  'PATH=$PATH:/sbin:/usr/sbin; ip link set lo up && exec "$@"',
  'sh',
];
