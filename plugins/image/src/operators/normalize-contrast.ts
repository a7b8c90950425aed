import { contrastOperator } from '../contrast-operator.js'

export default contrastOperator({
  name: 'normalize-contrast',
  aliases: ['normalize-contrast-nkem'],
  timed: 'normalize-contrast-nkem',
  summary: 'Stretch the contrast of an image between two quantiles of its intensities',
  examples: [
    'create-chunk normalize-contrast debug',
    'create-chunk normalize-contrast --whole -l 0.1 -u 0.1 debug',
  ],
})
