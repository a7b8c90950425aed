/** From the bytes of a decompressed block to little-endian samples. All functions but {@link unpackBits} work in place. */

/** Reverses the bytes of every sample. */
export function swapBytes(bytes: Uint8Array, bytesPerSample: number): void {
  const buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength)
  if (bytesPerSample === 2) buffer.swap16()
  else if (bytesPerSample === 4) buffer.swap32()
  else if (bytesPerSample === 8) buffer.swap64()
}

interface Rows {
  readonly rows: number
  /** Samples of a row, of all channels that lie side by side. */
  readonly rowSamples: number
  /** Channels that lie side by side. */
  readonly channels: number
  readonly bytesPerSample: number
}

/**
 * Undoes horizontal differencing (predictor 2): every sample was stored as the difference to the one before it in its row.
 * @param bytes little-endian samples, the start aligned to the sample size
 */
export function undoDifferences(
  bytes: Uint8Array,
  { rows, rowSamples, channels, bytesPerSample }: Rows,
): void {
  const { buffer, byteOffset } = bytes
  const count = rows * rowSamples
  if (bytesPerSample === 8) {
    const samples = new BigUint64Array(buffer, byteOffset, count)
    for (let row = 0; row < count; row += rowSamples)
      for (let x = row + channels; x < row + rowSamples; x++) samples[x]! += samples[x - channels]!
    return
  }
  const samples =
    bytesPerSample === 4
      ? new Uint32Array(buffer, byteOffset, count)
      : bytesPerSample === 2
        ? new Uint16Array(buffer, byteOffset, count)
        : new Uint8Array(buffer, byteOffset, count)
  for (let row = 0; row < count; row += rowSamples)
    for (let x = row + channels; x < row + rowSamples; x++) samples[x]! += samples[x - channels]!
}

/**
 * Undoes the floating point predictor (3; Adobe TIFF Technical Note 3): a row holds the most significant bytes of all its samples, then
 * the next ones, as byte differences. The result is little-endian whatever the byte order of the file.
 */
export function undoFloatDifferences(
  bytes: Uint8Array,
  { rows, rowSamples, channels, bytesPerSample }: Rows,
): void {
  const rowBytes = rowSamples * bytesPerSample
  const planes = new Uint8Array(rowBytes)
  for (let row = 0; row < rows; row++) {
    const start = row * rowBytes
    for (let index = channels; index < rowBytes; index++)
      bytes[start + index]! += bytes[start + index - channels]!
    planes.set(bytes.subarray(start, start + rowBytes))
    for (let sample = 0; sample < rowSamples; sample++)
      for (let byte = 0; byte < bytesPerSample; byte++)
        bytes[start + sample * bytesPerSample + byte] =
          planes[(bytesPerSample - 1 - byte) * rowSamples + sample]!
  }
}

/** Samples of 1 to 15 bits, most significant bit first, each row starting at a whole byte, as one or two bytes each. */
export function unpackBits(bytes: Uint8Array, rows: number, rowSamples: number, bits: number): Uint8Array {
  const samples = bits > 8 ? new Uint16Array(rows * rowSamples) : new Uint8Array(rows * rowSamples)
  const rowBytes = Math.ceil((rowSamples * bits) / 8)
  const mask = (1 << bits) - 1
  for (let row = 0; row < rows; row++)
    for (let x = 0; x < rowSamples; x++) {
      const bit = x * bits
      const byte = row * rowBytes + (bit >> 3)
      // 15 bits that start inside a byte span at most three
      const word = (bytes[byte]! << 16) | ((bytes[byte + 1] ?? 0) << 8) | (bytes[byte + 2] ?? 0)
      samples[row * rowSamples + x] = (word >> (24 - (bit & 7) - bits)) & mask
    }
  return new Uint8Array(samples.buffer)
}
