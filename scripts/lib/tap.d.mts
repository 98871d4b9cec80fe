export interface TapCount {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}
export interface TapReader {
  line(text: string): void;
  end(exitCode: number): TapCount;
}
export function tapReader(handlers?: { onResult?(result: { ok: boolean; title: string; skipped: boolean }): void; onFailure?(block: string): void }): TapReader;
export function closingLine(count: { readonly passed: number; readonly failed: number }): string;
