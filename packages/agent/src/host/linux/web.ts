/**
 * One HTTP or TLS question from this host, with a limit on time and size. With a CA the other side is verified as `verifyAs`; without one
 * it is not verified at all, which is enough for health pages and for looking at a certificate. Nobody there is an answer.
 */
import { readFile } from 'node:fs/promises';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { messageOf } from '@reberth/protocol/errors.ts';
import type { HostReader, HttpAnswer, TlsAnswer } from '../host.ts';

const TIMEOUT_MS = 5_000;
const BODY_BYTES_MAX = 1024 * 1024;

type HttpOptions = NonNullable<Parameters<HostReader['http']>[1]>;
type TlsOptions = NonNullable<Parameters<HostReader['tls']>[2]>;

export async function askHttp(url: string, options: HttpOptions = {}): Promise<HttpAnswer> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { protocol, hostname } = new URL(url);
    const name = options.verifyAs ?? hostname.replace(/^\[|\]$/g, '');
    const secure = protocol === 'https:' ? { ...(await identity(options)), ...verification(name, options.caFile) } : {};
    return await fetchOnce(url, secure, signal);
  } catch (error) {
    return { status: 0, body: '', why: signal.aborted ? `no answer within ${timeoutMs} ms` : messageOf(error) };
  }
}

export async function askTls(address: string, port: number, options: TlsOptions = {}): Promise<TlsAnswer> {
  try {
    const ca = await identity(options);
    return await shakeHands(
      { host: address, port, ...ca, ...verification(options.verifyAs ?? address, options.caFile) },
      options.timeoutMs ?? TIMEOUT_MS,
    );
  } catch (error) {
    return { connected: false, why: messageOf(error), certificatePem: '' };
  }
}

async function identity({ caFile, certFile, keyFile }: HttpOptions): Promise<{ ca?: Buffer; cert?: Buffer; key?: Buffer }> {
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map((file) => (file === undefined ? undefined : readFile(file))));
  return { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
}

function verification(name: string, caFile: string | undefined): ConnectionOptions {
  return {
    rejectUnauthorized: caFile !== undefined,
    // An address is never sent as a server name.
    servername: isIP(name) === 0 ? name : '',
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  };
}

function fetchOnce(url: string, secure: ConnectionOptions, signal: AbortSignal): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const onResponse = (response: IncomingMessage): void => {
      readBody(response).then((body) => resolve({ status: response.statusCode ?? 0, body, why: '' }), reject);
    };
    const asking = url.startsWith('https:')
      ? getHttps(url, { ...secure, agent: false, signal }, onResponse)
      : getHttp(url, { agent: false, signal }, onResponse);
    asking.on('error', reject);
  });
}

/** What is over the limit is left unread. */
async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    total += bytes.length;
    if (total >= BODY_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).subarray(0, BODY_BYTES_MAX).toString('utf8');
}

/** The handshake is always let through to its end, so that a certificate which is refused can be shown. */
function shakeHands(options: ConnectionOptions, timeoutMs: number): Promise<TlsAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ ...options, rejectUnauthorized: false });
    const answer = (connected: boolean, why: string): void => {
      clearTimeout(timer);
      const certificatePem = servedBy(socket);
      socket.destroy();
      resolve({ connected, why, certificatePem });
    };
    const timer = setTimeout(() => answer(false, `no answer within ${timeoutMs} ms`), timeoutMs);
    socket.on('error', (error) => answer(false, error.message));
    socket.on('close', () => answer(false, 'the connection was closed during the handshake'));
    socket.on('secureConnect', () => {
      const trusted = options.rejectUnauthorized !== true || socket.authorized;
      answer(trusted, trusted ? '' : messageOf(socket.authorizationError));
    });
  });
}

const servedBy = (socket: TLSSocket): string => socket.getPeerX509Certificate()?.toString() ?? '';
