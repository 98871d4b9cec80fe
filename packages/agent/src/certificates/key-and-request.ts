/**
 * A new private key like the present one, and the request for a certificate that takes the present one's place: same subject, same
 * alternative names but for those added and removed. Keys are made here and leave only as text for a file of this host.
 */
import { createPrivateKey, generateKeyPair, type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import { oneSpelling } from './describe.ts';

export interface NameChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

const generate = promisify(generateKeyPair);

export async function makeKeyAndRequest(
  presentPem: string,
  change: NameChange,
  presentKeyPem = '',
): Promise<{ readonly keyPem: string; readonly csrPem: string }> {
  const keyPem = await makeKey(presentPem, presentKeyPem);
  return { keyPem, csrPem: await makeRequest(presentPem, keyPem, change) };
}

/** Same algorithm and size; same kind of PEM as the present key when that is given. */
export async function makeKey(presentPem: string, presentKeyPem = ''): Promise<string> {
  const key = await newKey(new X509Certificate(presentPem).publicKey);
  const type = /BEGIN RSA PRIVATE KEY/.test(presentKeyPem) ? 'pkcs1' : /BEGIN EC PRIVATE KEY/.test(presentKeyPem) ? 'sec1' : 'pkcs8';
  return key.export({ format: 'pem', type }).toString();
}

async function newKey({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): Promise<KeyObject> {
  if (type === 'rsa') return (await generate('rsa', { modulusLength: details?.modulusLength ?? 2048 })).privateKey;
  if (type === 'ec' && details?.namedCurve !== undefined) return (await generate('ec', { namedCurve: details.namedCurve })).privateKey;
  if (type === 'ed25519') return (await generate('ed25519')).privateKey;
  throw new Error(`cannot make a key like the present one: ${type ?? 'unknown'} is not an algorithm this agent makes`);
}

export async function makeRequest(presentPem: string, keyPem: string, change: NameChange): Promise<string> {
  const x509 = await import('./x509.ts');
  const present = new x509.X509Certificate(new X509Certificate(presentPem).raw);
  const names = changedNames(present.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [], change);
  const keys = await keyPair(keyPem);
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      name: new x509.Name(present.subjectName.toArrayBuffer()),
      keys: keys.pair,
      signingAlgorithm: keys.signing,
      extensions: [new x509.SubjectAlternativeNameExtension(names)],
    },
    webcrypto as never,
  );
  return `${request.toString('pem')}\n`;
}

type JsonName = { readonly type: string; readonly value: string };

/** In their order; the added ones at the end. */
function changedNames(present: readonly JsonName[], { add, remove }: NameChange): { type: 'ip' | 'dns'; value: string }[] {
  const leaving = new Set(remove.map(oneSpelling));
  const staying = present.filter(({ value }) => !leaving.has(oneSpelling(value)));
  const there = new Set(staying.map(({ value }) => oneSpelling(value)));
  const added = add.filter((name) => !there.has(oneSpelling(name))).map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }));
  // Other types (URI, mail) are handed on as they are; the library's own type names them all.
  return [...staying, ...added] as { type: 'ip' | 'dns'; value: string }[];
}

async function keyPair(keyPem: string): Promise<{ readonly pair: webcrypto.CryptoKeyPair; readonly signing: { name: string; hash?: string } }> {
  const key = createPrivateKey(keyPem);
  const { algorithm, signing } = algorithms(key);
  const { subtle } = webcrypto;
  const der = key.export({ format: 'der', type: 'pkcs8' });
  const privateKey = await subtle.importKey('pkcs8', der, algorithm, true, ['sign']);
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...jwk } = key.export({ format: 'jwk' });
  const publicKey = await subtle.importKey('jwk', { ...jwk, key_ops: ['verify'] } as webcrypto.JsonWebKey, algorithm, true, ['verify']);
  return { pair: { privateKey, publicKey }, signing };
}

/** OpenSSL's curve names and those of WebCrypto, with the hash that fits the strength. */
const CURVES: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
};

function algorithms({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): {
  readonly algorithm: { name: string; hash?: string; namedCurve?: string };
  readonly signing: { name: string; hash?: string };
} {
  if (asymmetricKeyType === 'rsa') {
    const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    return { algorithm: rsa, signing: rsa };
  }
  if (asymmetricKeyType === 'ed25519') return { algorithm: { name: 'Ed25519' }, signing: { name: 'Ed25519' } };
  const curve = CURVES[asymmetricKeyDetails?.namedCurve ?? ''];
  if (curve === undefined)
    throw new Error(
      `cannot make a request: no signature for a key of type ${asymmetricKeyType ?? 'unknown'} ${asymmetricKeyDetails?.namedCurve ?? ''}`,
    );
  return { algorithm: { name: 'ECDSA', namedCurve: curve.namedCurve }, signing: { name: 'ECDSA', hash: curve.hash } };
}
