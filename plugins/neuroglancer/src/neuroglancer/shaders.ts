import type { AnnotationLayer, ArrayLayer } from '../layers/layer.js'

const COLOURED = `#uicontrol vec3 color color(default="COLOR")
#uicontrol float brightness slider(min=-1, max=1)
#uicontrol float contrast slider(min=-3, max=3, step=0.01)
`

/** How an image or map is drawn (specification 5.57), in Neuroglancer's shader language. */
export function imageShader({ role, source: { channels }, color }: ArrayLayer): string {
  const value = (channel: number): string => `toNormalized(getDataValue(${channel}))`
  if (role === 'probability' && channels >= 3)
    return `void main() {
  emitRGB(vec3(${value(0)}, ${value(1)}, ${value(2)}));
}
`
  if (role === 'probability' && channels === 2)
    return `void main() {
  emitRGB(vec3(${value(0)}, ${value(1)}, 0.0));
}
`
  if (channels > 1)
    return `#uicontrol int channel slider(min=0, max=${channels - 1})
${COLOURED.replace('COLOR', 'white')}#uicontrol invlerp normalized
void main() {
  emitRGB(color * (normalized(getDataValue(channel)) + brightness) * exp(contrast));
}
`
  if (color !== undefined)
    return `${COLOURED.replace('COLOR', color)}#uicontrol invlerp normalized
void main() {
  emitRGB(color * (normalized() + brightness) * exp(contrast));
}
`
  return `#uicontrol invlerp normalized
void main() {
  emitGrayscale(normalized());
}
`
}

export function annotationShader({ geometry, color, size }: AnnotationLayer): string {
  const name = geometry === 'point' ? 'size' : 'width'
  const set =
    geometry === 'point'
      ? 'setPointMarkerSize(size);\n  setPointMarkerBorderWidth(0.0);'
      : 'setLineWidth(width);\n  setEndpointMarkerSize(0.0);'
  return `#uicontrol vec3 color color(default="${color}")
#uicontrol float ${name} slider(min=1, max=${Math.max(20, size)}, default=${size})
void main() {
  setColor(color);
  ${set}
}
`
}
