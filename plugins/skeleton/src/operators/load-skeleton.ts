import {
  chunkflowError,
  defineOperator,
  FILES,
  flag,
  forEachParallel,
  multiplyZyx,
  type Skeleton,
  type Skeletons,
  STORE,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { openSkeletonFolder } from '../files/skeleton-folder.js'
import { parseSwc } from '../files/swc.js'
import { REQUESTS } from '../requests.js'

const URL_FORM = /^[a-z][a-z0-9+.-]*:\/\//i

export default defineOperator({
  name: 'load-skeleton',
  summary: 'Load skeletons from SWC files or a folder of precomputed ones',
  description:
    'An SWC file <id>.swc, a folder of them, or a folder or bucket path with skeletons <id> in the precomputed form of Neuroglancer. Positions are nanometres.',
  examples: [
    'create-chunk --dtype uint32 skeletonize save-swc -p ./ load-skeleton -p ./ --offset 0 8 8 debug',
  ],
  flags: {
    path: flag.text({ char: 'p', required: true, summary: 'file, folder, or bucket path' }),
    offset: flag.numbers3({ defaultText: '0 0 0', summary: 'nm, added to all positions' }),
    voxelOffset: flag.integers3({ char: 't', summary: 'the same in voxels; needs --voxel-size' }),
    voxelSize: flag.numbers3({ char: 's', exclusiveMinimum: 0, summary: 'nm of those voxels' }),
    outputName: flag.output({ char: 'o', aliases: ['output'], kind: 'skeletons', default: 'skels' }),
  },
  services: { files: FILES, store: STORE },
  effects: 'read',
  infer(_, { offset, voxelOffset, voxelSize }) {
    if ((voxelOffset === undefined) !== (voxelSize === undefined) || (offset && voxelOffset))
      throw chunkflowError('skeleton-options', 'An offset is given in nm, or in voxels of a size', {
        fix: 'give --offset alone, or both --voxel-offset and --voxel-size',
      })
    return { outputName: { kind: 'skeletons' } }
  },
  create({ options, services: { files, store } }) {
    const { path, offset, voxelOffset, voxelSize } = options
    const shift: Zyx =
      voxelOffset === undefined || voxelSize === undefined
        ? zyx(...(offset ?? ([0, 0, 0] as const)))
        : multiplyZyx(zyx(...voxelOffset), zyx(...voxelSize))

    async function readAll(signal: AbortSignal): Promise<Skeletons> {
      if (URL_FORM.test(path)) return readFolder(signal)
      const status = await files.status(path)
      if (status === null)
        throw chunkflowError('skeleton-missing', `There is no file or folder ${path}`, {
          fix: 'check --path',
        })
      if (status.kind === 'file') return new Map([await readSwc(path)])
      const names = await files.list(path)
      if (names.includes('info')) return readFolder(signal)
      const found = names.filter((name) => name.endsWith('.swc'))
      if (found.length === 0)
        throw chunkflowError(
          'skeleton-missing',
          `There are no SWC files in ${path}, and no info of skeletons`,
          {
            fix: 'give a folder of files <id>.swc, or of precomputed skeletons',
          },
        )
      return sorted(await Promise.all(found.map((name) => readSwc(`${path.replace(/\/$/, '')}/${name}`))))
    }

    async function readSwc(file: string): Promise<[bigint, Skeleton]> {
      const id = /(\d+)\.swc$/.exec(file)?.[1]
      if (id === undefined)
        throw chunkflowError(
          'swc-invalid',
          file.endsWith('.swc') ? `${file} is not named by an id` : `${file} is not an SWC file`,
          {
            fix: file.endsWith('.mb')
              ? 'files of many skeletons (MapBuffer) are not read: store them as <id>.swc, or precomputed'
              : 'skeletons are read from files <id>.swc',
          },
        )
      return [BigInt(id), parseSwc(Buffer.from(await files.read(file)).toString('utf8'), file)]
    }

    async function readFolder(signal: AbortSignal): Promise<Skeletons> {
      const folder = await openSkeletonFolder(store, path)
      if (folder.info === undefined)
        throw chunkflowError('skeleton-missing', `${folder.root} has no info of skeletons`, {
          fix: 'check --path',
        })
      const names: string[] = []
      for await (const name of folder.names('', signal)) if (/^\d+$/.test(name)) names.push(name)
      const found: [bigint, Skeleton][] = []
      await forEachParallel(names, REQUESTS, signal, async (name) => {
        const skeleton = await folder.read(name, signal)
        if (skeleton !== null) found.push([BigInt(name), skeleton])
      })
      return sorted(found)
    }

    return {
      async run(task, { signal }) {
        const skeletons = await readAll(signal)
        const moved = shift.every((value) => value === 0)
          ? skeletons
          : new Map([...skeletons].map(([id, skeleton]) => [id, shifted(skeleton, shift)]))
        task.set(options.outputName, moved)
      },
    }
  },
})

const sorted = (entries: readonly [bigint, Skeleton][]): Skeletons =>
  new Map([...entries].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0)))

function shifted(skeleton: Skeleton, shift: Zyx): Skeleton {
  const { vertices } = skeleton
  const data = Float32Array.from(vertices.data as Float32Array, (value, index) => value + shift[index % 3]!)
  return { ...skeleton, vertices: { ...vertices, data } }
}
