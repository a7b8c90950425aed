import { contrastOperator } from '../contrast-operator.js'

export default contrastOperator({
  name: 'normalize-section-contrast',
  timed: true,
  summary:
    'Stretch the contrast of an image by stored histograms of its sections: normalize-contrast of older releases',
  examples: ['create-chunk normalize-section-contrast -l 0.0023 -u 0.01 debug'],
})
