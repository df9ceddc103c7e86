/** What is known of an image by its name. */
export type ImageFact =
  | {
      readonly kind: 'known';
      readonly openhands: boolean;
      /** Its first user is the devbox's own. */
      readonly ownUser: boolean;
      /** Programs that people expect in it. */
      readonly programs: readonly string[];
      /** It has a Python under names that this computer's may not have; the version, or empty. */
      readonly python?: string | undefined;
      /** The variables that such images have, without PATH. */
      readonly environment: Readonly<Record<string, string>>;
      /** Folders in front of the search path. */
      readonly path: readonly string[];
      readonly folder: string;
      /** A user that such images have, besides root. */
      readonly user: string;
      readonly remark: string;
    }
  | { readonly kind: 'refused'; readonly why: string };

/** OpenHands' runtime images, under the names they have had. */
const openhandsImages =
  /^(?:(?:ghcr\.io|docker\.openhands\.dev|docker\.all-hands\.dev)\/)?(?:openhands|all-hands-ai)\/runtime$/;

/** Runloop's own images, by their short names and in their public registry. */
const runloopImages = /^(?:runloop[:/]|public\.ecr\.aws\/f7m5a7m8\/)/;

/** Words in names and tags of images that are not of the Debian and Ubuntu family. */
const otherFamilies =
  /^(?:alpine|busybox|scratch|distroless|fedora|centos|rocky|rockylinux|alma|almalinux|rhel|redhat|ubi\d*|amazonlinux|amazoncorretto|al20\d\d|oraclelinux|opensuse|suse|sles|tumbleweed|archlinux|manjaro|wolfi|chainguard|gentoo|nixos|photon|mageia|voidlinux|clearlinux|windows|windowsservercore|servercore|nanoserver|ltsc20\d\d|mariner|azurelinux|cbl|musl)(?:\d.*)?$/;

/** Official images that are made on something else, whatever their tag says. */
const otherImages = new Set([
  'docker',
  'composer',
  'hello-world',
  'caddy',
  'registry',
  'traefik',
  'mysql',
  'vault',
  'consul',
]);

/** Words that say that an image is of the family. */
const familyWords =
  /^(?:ubuntu|debian|trusty|xenial|bionic|focal|jammy|noble|oracular|plucky|questing|stretch|buster|bullseye|bookworm|trixie|forky|sid|slim)(?:\d.*)?$/;

/** Official images of the family, with the programs they are taken for. */
const officialImages: Readonly<Record<string, readonly string[]>> = {
  ubuntu: [],
  debian: [],
  'buildpack-deps': ['gcc', 'make', 'git', 'curl'],
  python: ['python3', 'pip'],
  pypy: ['pypy3'],
  node: ['node', 'npm'],
  golang: ['go'],
  rust: ['cargo'],
  ruby: ['ruby'],
  perl: ['perl'],
  php: ['php'],
  gcc: ['gcc'],
  openjdk: ['java'],
  'eclipse-temurin': ['java'],
  maven: ['java', 'mvn'],
  gradle: ['java', 'gradle'],
  erlang: ['erl'],
  elixir: ['elixir'],
  haskell: ['ghc'],
  julia: ['julia'],
  swift: ['swift'],
  dart: ['dart'],
  'r-base': ['R'],
  nginx: ['nginx'],
  httpd: ['httpd'],
  postgres: ['postgres'],
  redis: ['redis-server'],
  mariadb: ['mariadbd'],
  mongo: ['mongod'],
};

/** Further official images of the family, of which nothing but the system can be stood in for. */
const furtherOfficialImages = new Set(
  'wordpress drupal joomla nextcloud tomcat jetty clojure groovy jruby sapmachine ibmjava couchdb cassandra memcached rabbitmq neo4j influxdb solr ghost odoo spark flink storm zookeeper sonarqube varnish haproxy kong matomo rakudo-star neurodebian'.split(
    ' ',
  ),
);

/** The same for images whose last name says it: devcontainers, mirrors, ghcr.io. */
const namedPrograms: Readonly<Record<string, readonly string[]>> = {
  ...officialImages,
  'typescript-node': ['node', 'npm', 'tsc'],
  'javascript-node': ['node', 'npm'],
  go: ['go'],
  java: ['java'],
  uv: ['uv'],
  miniconda: ['conda'],
  anaconda: ['conda'],
};

/** A name of an image, taken apart. */
export interface ImageName {
  /** Without tag and digest. */
  readonly path: string;
  readonly host: string;
  readonly tag: string;
}

/** Takes the name of an image apart. */
export function imageName(image: string): ImageName {
  const [named = ''] = image.split('@');
  const [, path = '', tag = ''] = /^(.*?)(?::([^/:]*))?$/.exec(named) ?? [];
  const [first = ''] = path.split('/');
  const host = path.includes('/') && (/[.:]/.test(first) || first === 'localhost') ? first : '';
  return { path, host, tag };
}

/** Says whether this computer's own system can stand in for an image, and what people expect of it. */
export function factOf(image: string): ImageFact {
  const { path, host, tag } = imageName(image);
  const nothing = { programs: [], environment: {}, path: [], folder: '/', user: '', remark: '' };
  if (openhandsImages.test(path)) {
    const remark = "; this computer's own action server stands in for OpenHands'";
    return { kind: 'known', openhands: true, ownUser: false, ...nothing, remark };
  }
  if (runloopImages.test(image)) {
    return { kind: 'known', openhands: false, ownUser: true, ...nothing, folder: '' };
  }
  const names = (host === '' ? path : path.slice(host.length + 1)).toLowerCase().split('/');
  const last = names.at(-1) ?? '';
  const words = [...names, tag.toLowerCase()].flatMap((name) => name.split(/[-._+]/));
  const official = host === '' ? names.length === 1 || names[0] === 'library' : names.at(-2) === 'library';
  const other = words.find((word) => otherFamilies.test(word));
  const saysFamily = words.some((word) => familyWords.test(word));
  if (other !== undefined || (official && otherImages.has(last))) {
    return { kind: 'refused', why: notFamily(image) };
  }
  const known =
    (official && (Object.hasOwn(officialImages, last) || furtherOfficialImages.has(last))) ||
    host === 'ghcr.io' ||
    (host === 'mcr.microsoft.com' && names.includes('devcontainers')) ||
    names.at(-2) === 'library' ||
    saysFamily;
  if (!known) {
    return {
      kind: 'refused',
      why: `"${image}" is not an image that this computer's own system can stand in for: only those of the Debian and Ubuntu family are, such as ubuntu, debian, python, node, golang, rust, buildpack-deps, devcontainers, runloop's and ghcr.io's.`,
    };
  }
  return { kind: 'known', openhands: false, ownUser: false, ...detailsOf(image, last, tag) };
}

function detailsOf(
  image: string,
  last: string,
  tag: string,
): Omit<Extract<ImageFact, { kind: 'known' }>, 'kind' | 'openhands' | 'ownUser'> {
  const programs = Object.hasOwn(namedPrograms, last) ? (namedPrograms[last] ?? []) : [];
  const version = /(?:^|-|python)(\d+\.\d+)/.exec(tag)?.[1] ?? '';
  const python = last === 'python' ? version : last === 'uv' && tag.includes('python') ? version : undefined;
  const empty = { environment: {}, path: [], folder: '/' };
  const own =
    last === 'golang'
      ? { environment: { GOPATH: '/go' }, path: ['/go/bin', '/usr/local/go/bin'], folder: '/go' }
      : last === 'rust'
        ? { environment: { CARGO_HOME: '/usr/local/cargo' }, path: ['/usr/local/cargo/bin'], folder: '/' }
        : empty;
  const plain = Object.hasOwn(namedPrograms, last);
  const remark = plain ? '' : `; what ${image} has installed is not in it`;
  return { programs, python, remark, user: userOf(image, last, tag), ...own };
}

/** Dockerfiles give files to the users that these images have, and run as them. */
function userOf(image: string, last: string, tag: string): string {
  if (image.includes('devcontainers/')) {
    return 'vscode';
  }
  if (image.includes('playwright')) {
    return 'pwuser';
  }
  const isLaterUbuntu = last === 'ubuntu' && !/^(?:1\d|2[0-3])\.|trusty|xenial|bionic|focal|jammy/.test(tag);
  return last === 'node' ? 'node' : isLaterUbuntu ? 'ubuntu' : '';
}

function notFamily(image: string): string {
  return `"${image}" is not of the Debian and Ubuntu family, and only for images of that family can this computer's own system stand in. Try a tag such as "bookworm" or "slim" of the same image, or debian, ubuntu, python, node, golang or rust.`;
}
