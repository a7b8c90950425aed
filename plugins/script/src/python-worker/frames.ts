import type { Readable, Writable } from 'node:stream'

/** A control message: four bytes of length, least significant first, then UTF-8 JSON. */
export function writeFrame(pipe: Writable, message: unknown): void {
  const body = Buffer.from(JSON.stringify(message))
  const head = Buffer.alloc(4)
  head.writeUInt32LE(body.length)
  pipe.write(Buffer.concat([head, body]))
}

/** Calls `receive` for every whole message. */
export function readFrames(pipe: Readable, receive: (message: unknown) => void): void {
  let parts: Buffer[] = []
  let bytes = 0
  pipe.on('data', (part: Buffer) => {
    parts.push(part)
    bytes += part.length
    while (bytes >= 4) {
      if (parts[0]!.length < 4) parts = [Buffer.concat(parts)]
      const stop = 4 + parts[0]!.readUInt32LE()
      if (bytes < stop) return
      const all = Buffer.concat(parts)
      parts = [all.subarray(stop)]
      bytes -= stop
      receive(JSON.parse(all.toString('utf8', 4, stop)))
    }
  })
}
