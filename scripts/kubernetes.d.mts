/** A folder with the Kubernetes programs of a flavour, built into the cache when they are not there. */
export function ensureKubernetes(flavour: 'current' | '1.20', onProgress?: (text: string) => void): Promise<string>;
/** Whether nothing has to be built for this flavour. */
export function hasKubernetes(flavour: 'current' | '1.20'): boolean;
