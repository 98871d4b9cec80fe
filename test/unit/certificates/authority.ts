/** A certificate authority for tests, made with openssl so that it shares no code with what is tested. Its folder goes with the test. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Authority {
  readonly caPem: string;
  /** Self-made key and certificate for these names. `key` is what openssl calls it: `rsa:2048`, `ec -pkeyopt …`. */
  issue(
    names: readonly string[],
    options?: { readonly key?: 'rsa' | 'ec' | 'ed25519'; readonly days?: number; readonly subject?: string; readonly usage?: string },
  ): { readonly certPem: string; readonly keyPem: string };
  sign(csrPem: string): string;
  verifies(certPem: string, address: string): boolean;
  readonly requestText: (csrPem: string) => string;
}

const KEYS = {
  rsa: ['-newkey', 'rsa:2048'],
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  ed25519: ['-newkey', 'ed25519'],
} as const;
export const SUBJECT = '/C=CN/ST=HangZhou/L=XS/O=k8s/OU=System/CN=kubernetes';

export function withAuthority<T>(use: (authority: Authority) => T, name = '/CN=kubernetes-ca'): T {
  const folder = mkdtempSync(join(tmpdir(), 'reberth-ca-'));
  const at = (file: string): string => join(folder, file);
  const openssl = (args: readonly string[], input = ''): string =>
    execFileSync('openssl', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
  const read = (file: string): string => readFileSync(at(file), 'utf8');
  openssl([
    'req',
    '-x509',
    ...KEYS.ec,
    '-nodes',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
    '-days',
    '30',
    '-subj',
    name,
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-addext',
    'keyUsage=critical,keyCertSign',
  ]);
  const signWith = (csrFile: string, extensions: string, days: number): string => {
    writeFileSync(at('extensions'), extensions);
    return openssl([
      'x509',
      '-req',
      '-in',
      csrFile,
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca.key'),
      '-CAcreateserial',
      '-days',
      String(days),
      '-extfile',
      at('extensions'),
    ]);
  };
  const authority: Authority = {
    caPem: read('ca.pem'),
    issue(names, { key = 'rsa', days = 10, subject = SUBJECT, usage = 'serverAuth,clientAuth' } = {}) {
      openssl(['req', '-new', ...KEYS[key], '-nodes', '-keyout', at('leaf.key'), '-out', at('leaf.csr'), '-subj', subject]);
      const alternatives = names.map((each) => `${/^[\d.]+$|:/.test(each) ? 'IP' : 'DNS'}:${each}`).join(',');
      return { certPem: signWith(at('leaf.csr'), `subjectAltName=${alternatives}\nextendedKeyUsage=${usage}\n`, days), keyPem: read('leaf.key') };
    },
    sign(csrPem) {
      writeFileSync(at('given.csr'), csrPem);
      openssl(['req', '-in', at('given.csr'), '-verify', '-noout']);
      return openssl([
        'x509',
        '-req',
        '-in',
        at('given.csr'),
        '-CA',
        at('ca.pem'),
        '-CAkey',
        at('ca.key'),
        '-CAcreateserial',
        '-days',
        '10',
        '-copy_extensions',
        'copy',
      ]);
    },
    verifies(certPem, address) {
      writeFileSync(at('check.pem'), certPem);
      try {
        return openssl(['verify', '-CAfile', at('ca.pem'), '-verify_ip', address, at('check.pem')]).includes('OK');
      } catch {
        return false;
      }
    },
    requestText: (csrPem) => openssl(['req', '-noout', '-text'], csrPem),
  };
  const end = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const result = use(authority);
    if (result instanceof Promise) return result.finally(end) as T;
    end();
    return result;
  } catch (error) {
    end();
    throw error;
  }
}
