/**
 * A 64-bit hash over events that is the same in whatever order records and their fields come: the
 * hashes of fields are summed up to that of a record, those of records to the total. A field that
 * is missing, doubled, changed or moved to another record changes it.
 */

const SEED_LOW = 0x811c9dc5
const SEED_HIGH = 0x9747b28c
const PRIME_LOW = 0x01000193
const PRIME_HIGH = 0x85ebca6b

export class RecordHash {
  #low = 0
  #high = 0
  #recordLow = 0
  #recordHigh = 0

  /** Adds a field to the current record. Objects and lists count as their JSON text. */
  addField(name: string, value: unknown): void {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    // The kind keeps the number 1 from being the text "1".
    let low = SEED_LOW ^ (typeof value).charCodeAt(0)
    let high = SEED_HIGH ^ text.length
    for (let index = 0; index < name.length; index++) {
      low = Math.imul(low ^ name.charCodeAt(index), PRIME_LOW)
    }
    high = Math.imul(high ^ low, PRIME_HIGH)
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      low = Math.imul(low ^ code, PRIME_LOW)
      high = Math.imul((high << 5) ^ (high >>> 27) ^ code, PRIME_HIGH)
    }
    this.#recordLow = (this.#recordLow + mixed(low)) | 0
    this.#recordHigh = (this.#recordHigh + mixed(high)) | 0
  }

  /** Adds the current record to the total and begins the next. */
  endRecord(): void {
    // Mixed together, so that a field cannot move between records unnoticed.
    const low = mixed(this.#recordLow ^ Math.imul(this.#recordHigh, PRIME_HIGH))
    this.#low = (this.#low + low) | 0
    this.#high = (this.#high + mixed(this.#recordHigh ^ Math.imul(low, PRIME_LOW))) | 0
    this.#recordLow = 0
    this.#recordHigh = 0
  }

  /** Sixteen hexadecimal digits. */
  get total(): string {
    return hexOf(this.#high) + hexOf(this.#low)
  }
}

/** The last step of MurmurHash3: every bit of the input changes half of those of the result. */
function mixed(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function hexOf(hash: number): string {
  return (hash >>> 0).toString(16).padStart(8, '0')
}
