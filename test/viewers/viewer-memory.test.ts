/** What the command line holds beside a chunk while all of its blocks, of all scales, are asked for at once. */
import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { workFolder } from '../pipelines/chunkflow.js'
import { startViewing, type Viewing } from './browser.js'

const test = suite('memory of the viewer')
const folder = workFolder()
test.after(() => folder.remove())

const MIB = 2 ** 20
/** z y x */
const SHAPE = [144, 256, 416] as const
const CHUNK_MIB = (8 * SHAPE[0] * SHAPE[1] * SHAPE[2]) / MIB
/** Some 260 are measured; some 350 when blocks lay on shared memory and each had instances of its kernels. */
const ALLOWED_MIB = 290
/** Connections of a browser to one server. */
const CONNECTIONS = 6

/** Labels above 2^53, another one for nearly every voxel: encoded blocks are as large as they can be. */
function labels(): BigUint64Array {
  const voxels = new BigUint64Array(SHAPE[0] * SHAPE[1] * SHAPE[2])
  const words = new Uint32Array(voxels.buffer)
  for (let index = 0; index < words.length; index += 2) {
    words[index] = Math.imul(index + 1, 0x9e3779b1)
    words[index + 1] = words[index]! | 0x80000000
  }
  return voxels
}

async function writeLabels(): Promise<void> {
  const h5wasm = await import('h5wasm/node')
  await h5wasm.ready
  const made = new h5wasm.File(folder.file('labels.h5'), 'w')
  made.create_dataset({ name: 'main', data: labels(), shape: [...SHAPE] })
  made.close()
}

/** The most memory that a process ever had; null where the system does not say. */
function peakMiB({ child }: Viewing): number | null {
  try {
    const [, kib] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))!
    return Number(kib) / 1024
  } catch {
    return null
  }
}

interface Scale {
  readonly key: string
  readonly size: readonly [number, number, number]
  readonly voxel_offset: readonly [number, number, number]
  readonly chunk_sizes: readonly (readonly [number, number, number])[]
}

/** Addresses of all blocks, coarse ones first, as the page asks for them. */
function blocksOf(scales: readonly Scale[]): string[] {
  const rangesOf = ({ size, voxel_offset, chunk_sizes }: Scale, axis: 0 | 1 | 2): string[] => {
    const [low, step] = [voxel_offset[axis], chunk_sizes[0]![axis]]
    return Array.from({ length: Math.ceil(size[axis] / step) }, (_, index) => {
      const start = low + index * step
      return `${start}-${Math.min(start + step, low + size[axis])}`
    })
  }
  return [...scales].reverse().flatMap((scale) => {
    const [xs, ys, zs] = [0, 1, 2].map((axis) => rangesOf(scale, axis as 0)) as [string[], string[], string[]]
    return zs.flatMap((z) => ys.flatMap((y) => xs.map((x) => `${scale.key}/${x}_${y}_${z}`)))
  })
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
test.after(() => agent.destroy())

/** Status and bytes of an answer, which is thrown away unless it is wanted. */
const ask = (url: string): Promise<{ status: number | undefined; body: Buffer }> =>
  new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(parts) }))
    }).on('error', reject)
  })

test('blocks of a segmentation in HDF5 take bounded memory', async () => {
  await writeLabels()
  const viewing = await startViewing(
    'load-h5 -f labels.h5 --voxel-offset -3 40 7 -x 40 8 8 neuroglancer',
    folder,
  )
  try {
    if (peakMiB(viewing) === null) {
      console.log('skipped: needs /proc')
      return
    }
    const layer = `${viewing.url}layers/0/`
    const { scales } = JSON.parse((await ask(`${layer}info`)).body.toString()) as { scales: Scale[] }
    const blocks = blocksOf(scales)
    const queue = blocks[Symbol.iterator]()
    const work = async (): Promise<void> => {
      for (const block of queue) assert.is((await ask(layer + block)).status, 200, block)
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, work))
    const beyond = peakMiB(viewing)! - CHUNK_MIB
    assert.ok(beyond < ALLOWED_MIB, `${Math.round(beyond)} MiB beyond the chunk, for ${blocks.length} blocks`)
  } finally {
    viewing.child.kill('SIGKILL')
  }
})

test.run()
