/** Errors of this plugin. */
export const MESH_ERROR_CODES = {
  'mesh-folder-missing': 'A volume names no folder for meshes.',
  'mesh-format-unsupported':
    'Meshes are stored, or to be stored, in a way that this plugin does not work with.',
  'mesh-fragment-corrupt': 'A stored mesh fragment or manifest cannot be read.',
  'mesh-ids-invalid': 'A list of object ids cannot be read.',
  'mesh-labels-invalid': 'Surfaces were asked for of something other than labels.',
  'mesh-missing': 'There is no stored mesh of an object.',
  'mesh-prefix-invalid': 'What names of meshes begin with is not a number of digits.',
  'mesh-too-large': 'Surfaces need more memory than one kernel can address.',
  'mesh-volume-missing': 'There is no volume at a path, or it has no such scale.',
} as const
