/**
 * The part of the WebAssembly JavaScript interface that is used here. TypeScript has its types only
 * with those of a browser. https://webassembly.github.io/spec/js-api/
 */

/** Something compiled; only handed from `Module` to `Instance`. */
export type CompiledModule = object

interface WebAssemblyApi {
  /** Whether the bytes are a module that this engine can run. */
  validate(bytes: Uint8Array): boolean
  readonly Module: new (bytes: Uint8Array) => CompiledModule
  readonly Instance: new (
    module: CompiledModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: unknown }
  /** Sizes are in pages of 64 KiB. */
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => {
    readonly buffer: ArrayBuffer
  }
}

/** Undefined where there is none: Node without just-in-time compilation. */
export const webAssembly = (globalThis as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly
