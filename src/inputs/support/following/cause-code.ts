/** Of an error of the file system: `ENOENT`, …; empty for others. */
export function causeCode(error: unknown): string {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' ? code : ''
}
