/**
 * Signing and verifying asks: Ed25519 over the exact bytes of an encoded Ask. The key id only helps people to see which key was used; what
 * counts is that the bytes verify under the key that this host was given.
 */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { SignedAsk } from './agent-codec.ts';

/** The first 16 hex digits of the SHA-256 of the public key. */
export function keyIdOf(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}

export const signAsk = (ask: Uint8Array, key: KeyObject): SignedAsk => ({ ask, signature: sign(null, ask, ed25519(key)), keyId: keyIdOf(key) });

export const isSignedBy = ({ ask, signature }: SignedAsk, key: KeyObject): boolean => verify(null, ask, ed25519(key), signature);

function ed25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`cannot sign asks with a key of type ${key.asymmetricKeyType ?? key.type}: Ed25519 is wanted`);
  return key;
}
