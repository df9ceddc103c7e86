import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { redact } from '../../../../src/core/redact';

const value = 'Zx9Qw7Lm2Pk4Vt8B';

/** What stays of each, with `…` for what was removed. */
const secret: Readonly<Record<string, string>> = {
  'nerdctl login -u me -p V ghcr.io': 'nerdctl login -u me -p … ghcr.io',
  'skopeo login -u me -p V r.io': 'skopeo login -u me -p … r.io',
  'buildah login -p V r.io': 'buildah login -p … r.io',
  'oras login r.io -u me -p V': 'oras login r.io -u me -p …',
  'crane auth login r.io -u me -p V': 'crane auth login r.io -u me -p …',
  'docker login -pV -u me': 'docker login -p… -u me',
  "docker login -p 'V' r.io": 'docker login -p … r.io',
  'helm registry login r.io -p V': 'helm registry login r.io -p …',
  'az login --service-principal -u x -p V --tenant t': 'az login --service-principal -u x -p … --tenant t',
  'oc login -u me -p V': 'oc login -u me -p …',
  'echo V | docker login --password-stdin r.io': 'echo … | docker login --password-stdin r.io',
  'sshpass -p V ssh me@host': 'sshpass -p … ssh me@host',
  'mysqldump -u root -pV db': 'mysqldump -u root -p… db',
  'mongosh -u me -p V': 'mongosh -u me -p …',
  'twine upload -u me -p V': 'twine upload -u me -p …',
  'redis-cli -h host -a V ping': 'redis-cli -h host -a … ping',
  'ldapsearch -D cn=me -w V': 'ldapsearch -D cn=me -w …',
  'unzip -P V a.zip': 'unzip -P … a.zip',
  '7z x a.7z -pV': '7z x a.7z -p…',
  'openssl enc -aes-256-cbc -k V': 'openssl enc -aes-256-cbc -k …',
  'openssl rsa -passin pass:V -in x': 'openssl rsa -passin pass:… -in x',
  'smbclient //host/share -U me%V': 'smbclient //host/share -U me%…',
  'gh secret set API_KEY --body V': 'gh secret set API_KEY --body …',
  'http -a me:V https://host': 'http -a me:… https://host',
  'sqlplus me/V@db': 'sqlplus me/…@db',
  'vault login V': 'vault login …',
  'cargo login V': 'cargo login …',
  'ngrok authtoken V': 'ngrok authtoken …',
  'doctl auth init -t V': 'doctl auth init -t …',
  'setx API_KEY V': 'setx API_KEY …',
  'setx /M DB_PASSWORD "V"': 'setx /M DB_PASSWORD …',
  '[Environment]::SetEnvironmentVariable("API_KEY", "V", "User")':
    '[Environment]::SetEnvironmentVariable("API_KEY", …, "User")',
  'aws configure set aws_secret_access_key V': 'aws configure set aws_secret_access_key …',
  'npm config set //registry.npmjs.org/:_authToken V': 'npm config set //registry.npmjs.org/:_authToken …',
  'git config --global github.token V': 'git config --global github.token …',
  'gcloud config set auth/access_token V': 'gcloud config set auth/access_token …',
  'poetry config pypi-token.pypi V': 'poetry config pypi-token.pypi …',
  'poetry config http-basic.foo me V': 'poetry config http-basic.foo me …',
  'composer config github-oauth.github.com V': 'composer config github-oauth.github.com …',
};

const ordinary: readonly string[] = [
  'docker login succeeded',
  'nerdctl login -u me',
  'the user can login -please',
  'skopeo login r.io',
  'setx is a Windows command',
  'setx PATH "%PATH%;C:\\tools1"',
  'aws configure set region us-east-1',
  'vault login failed',
  'cargo login now',
  'git config --global user.name Someone',
  'git config --global credential.helper store',
  'npm config set registry https://registry.npmjs.org/',
  'unzip -P',
  'mkdir -p secret/path1',
  'cp -p token.txt x1',
  'gh secret set API_KEY',
  'echo hello1 | docker run -i x',
  'openssl x509 -in a.pem -noout',
];

describe('secrets among the words of a command', () => {
  for (const [text, shown] of Object.entries(secret)) {
    it(`are removed: ${text}`, () => {
      const once = redact(text.replace(/V(?![a-z])/, value));
      assert.equal(once, shown.replace('…', '[removed]'));
      assert.equal(redact(once), once, 'also where it is done twice');
    });
  }

  for (const text of ordinary) {
    it(`are none where nothing is one: ${text}`, () => assert.equal(redact(text), text));
  }

  it('are looked for in a time that grows with the text only', function () {
    this.timeout(120_000);
    const parts = ['docker login ', 'config set ', 'echo ', 'openssl ', 'smbclient -U a', 'sqlplus a', 'http -a a'];
    parts.push('setx A', 'config --global a.', 'SetEnvironmentVariable("', '.key: ', 'gh secret set ', 'redis-cli ');
    // One that takes the square of the length never ends within the limit.
    for (const part of parts) redact(part.repeat(1_000_000 / part.length));
  });
});

describe('secrets of files of keys', () => {
  const coded = Buffer.from(Array.from({ length: 90 }, (_, at) => (at * 37 + 11) % 256)).toString('base64');
  for (const name of ['tls.key', '"server.key"', 'id_rsa', '.dockerconfigjson', "'store.p12'"]) {
    it(`are removed where the file is a field: ${name}`, () => {
      assert.equal(redact(`  ${name}: ${coded}`), `  ${name}: [removed]`);
    });
  }

  it('are those of PuTTY’s as well', () => {
    const mac = 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3';
    assert.equal(redact(`Private-MAC: ${mac}`), 'Private-MAC: [removed]');
    assert.equal(redact(`Private-Hash: ${mac}`), 'Private-Hash: [removed]');
  });

  it('are no certificates', () => {
    const certificate = Buffer.from(`-----BEGIN CERTIFICATE-----\nMIIB${'x'.repeat(60)}`).toString('base64');
    for (const name of ['tls.crt', 'ca.key']) {
      assert.equal(redact(`  ${name}: ${certificate}`), `  ${name}: ${certificate}`);
    }
  });
});
