/** The user a devbox's commands run as, as far as its creator said. */
export interface UserRequest {
  readonly name: string;
  /** Its number; undefined takes the one that the disk knows it by. */
  readonly uid?: number | undefined;
}

/** A user of a devbox with its numbers. */
export interface DevboxUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Everything is allowed to it. */
export const root: DevboxUser = { name: 'root', uid: 0, gid: 0 };

/** The user of a devbox for which none is named. */
export const usualUser: UserRequest = { name: 'user', uid: 1_000 };

/** The user that OpenHands' action server runs commands as; its number is the one that OpenHands asks for. */
export const openhandsUser: DevboxUser = { name: 'openhands', uid: 1_000, gid: 0 };

/** The largest user number that devboxes are lent, less those that stand for nobody. */
export const largestUid = 65_533;

/** What a user's name may be. */
export const userName = /^[a-z_][a-z0-9_-]{0,31}$/;

/** A user's home folder inside the devbox: `/home/<name>`, or `/root` for root. */
export function homeOf({ name, uid }: UserRequest): string {
  return name === 'root' || uid === 0 ? '/root' : `/home/${name}`;
}

/**
 * Shell script that becomes a user and then the command in the last arguments. The devbox's own files say which numbers
 * and groups a name has; where they do not know it, the given ones count.
 * Arguments: the program setpriv, the name, its numbers of user and group, the command.
 */
export const becomeScript = String.raw`
setpriv=$1 name=$2 uid=$3 gid=$4
shift 4
while IFS=: read -r known _ number group _; do
  if [ "$known" = "$name" ]; then uid=$number gid=$group; break; fi
done < /etc/passwd
more=
while IFS=: read -r _ _ number members; do
  case ,$members, in *,"$name",*) more=$more,$number ;; esac
done < /etc/group
exec "$setpriv" --reuid "$uid" --regid "$gid" --groups "$gid$more" -- "$@"
`;
