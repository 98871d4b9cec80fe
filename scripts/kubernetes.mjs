/** placeholder */
export async function ensureKubernetes(_flavour, _onProgress) {
  const ready = process.env.REBERTH_KUBERNETES_BIN;
  if (ready) return ready;
  throw new Error('not yet');
}
