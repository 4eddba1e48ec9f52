import { ByteWriter } from '../../src/codecs/byte-writer.ts'

/**
 * Has room for exactly what was asked for, so that a write without a `reserve` is lost and shows.
 * What lies behind the length is filled with rubbish.
 */
export class TightWriter extends ByteWriter {
  constructor() {
    super(0)
  }

  override reserve(count: number): void {
    const grown = new Uint8Array(this.length + count).fill(0xaa)
    grown.set(this.written())
    this.bytes = grown
  }

  text(): string {
    return Buffer.from(this.written()).toString('utf8')
  }
}
