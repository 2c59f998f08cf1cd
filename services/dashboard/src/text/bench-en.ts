/** English texts of the test bench. */
const figure = (value: number, digits = 1): string =>
  new Intl.NumberFormat('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
const heads = (count: number): string => (count === 1 ? '1 head' : `${count} heads`);

export const benchEn = {
  title: 'Test bench',
  intro: 'See how the model counts a picture, try its settings, and compare it with heads you click yourself.',
  privacy:
    'A picture is sent to this Headroom server to be counted, and is not kept there. Pictures and clicks stay in this browser until you remove them.',
  figure,
  drop: {
    label: 'Drop pictures, a clip or a labelled zip here',
    kinds: (pictureMib: number, clipMib: number, frames: number) =>
      `JPEG, PNG, WebP up to ${pictureMib} MiB; mp4, WebM up to ${clipMib} MiB, of which at most ${frames} pictures are looked at; a zip with images/ and labels.jsonl.`,
    choose: 'Choose files',
    camera: 'Newest picture of a camera',
    cameraNone: 'Camera …',
    fps: 'Pictures a second from a clip',
  },
  clip: (name: string, done: number, of: number | undefined) =>
    of === undefined ? `${name}: cutting it into pictures …` : `${name}: ${done} of ${of} pictures looked at`,
  stop: 'Stop',
  trouble: {
    'not-a-picture': (name: string) => `${name}: this is no picture, clip or zip that can be opened.`,
    'too-large': (name: string) => `${name} is too large.`,
    'other-size': (name: string) => `${name} is of another size than its labels say: the heads would lie elsewhere.`,
    'no-picture': (name: string) => `${name} has no fresh picture now.`,
    clip: (name: string, why: string) => `${name}: ${why}`,
    'not-stored': 'This browser stores nothing here: pictures and clicks are gone when the page is closed.',
    zip: {
      'no-zip': (name: string) => `${name} is no zip that can be read.`,
      'no-labels': (name: string) => `${name} has no labels.jsonl.`,
      'bad-line': (name: string, line: number) =>
        `${name}, labels.jsonl line ${line}: write {"image": "images/x.jpg", "width": W, "height": H, "points": [[x, y], …]}.`,
      'no-image': (name: string, line: number) => `${name}, labels.jsonl line ${line}: its picture is not in the zip.`,
      turned: (name: string, line: number) =>
        `${name}, labels.jsonl line ${line}: its picture is turned by EXIF alone. Save it upright, and label that.`,
      'too-large': (name: string) => `${name} unfolds to more than 1 GiB.`,
    },
  },
  unreachable: 'The server cannot be reached.',
  tryAgain: 'Try again',
  looking: 'Counting …',
  empty: 'No picture yet.',
  pictures: 'Pictures of this session',
  select: (name: string) => `Show ${name}`,
  removePicture: (name: string) => `Remove ${name}`,
  removeSure: (name: string, heads: number) =>
    `Remove ${name} and its ${heads === 1 ? 'clicked head' : `${heads} clicked heads`}?`,
  removeAll: 'Remove all',
  removeAllSure: 'Remove all pictures and clicks from this browser?',
  labelled: (count: number) => `${heads(count)} clicked`,
  notLabelled: 'not clicked',
  canvas: (name: string) => `${name}: click the heads`,
  keys: 'Keyboard: arrows move the cross-hair, Shift finely; Enter adds a head or selects the one there; Alt and arrows move the selected one; Delete removes; N and P go from head to head; + − 0 enlarge; Ctrl Z undoes.',
  pointer: 'Click a head to mark it, drag a mark to move it, right-click to remove it. Drag the picture to move it.',
  clicked: (count: number) => `${heads(count)}.`,
  said: {
    added: 'Head added.',
    removed: 'Head removed.',
    moved: 'Head moved.',
    undone: 'Undone.',
    redone: 'Done again.',
    selected: (at: number) => `Head ${at} selected.`,
  },
  tools: {
    label: 'What is shown',
    heat: 'Heat map',
    found: 'Found heads',
    clicks: 'Clicked heads',
    zoomIn: 'Enlarge',
    zoomOut: 'Reduce',
    showAll: 'Whole picture',
    undo: 'Undo',
    redo: 'Redo',
    remove: 'Remove the selected head',
    complete: 'All heads are clicked',
    completeHint: 'Only such pictures are compared and exported. Tick it for a picture of nobody, too.',
  },
  legend: {
    found: 'found',
    wrong: 'found, not clicked',
    clicked: 'clicked and found',
    missed: 'clicked, not found',
  },
  settings: {
    title: 'Settings',
    model: 'Model',
    standard: 'The server’s own',
    loaded: (name: string, version: string) => `${name} ${version}`,
    width: 'Looked at',
    native: 'Own size',
    widthPx: (px: number) => `${px} px wide`,
    farField: 'Far field: upper part, %',
    farFieldHint: 'Looked at again with more detail, for people far away. Empty: none.',
    steps: 'Steps tried, from 1 to',
    seeds: 'Seeds tried',
    threshold: 'Heads from this share of a person',
    thresholdReset: 'The model’s',
    within: 'A head is found within',
    px: (px: number) => `${px} px`,
  },
  runs: {
    title: 'By steps and seeds',
    hint: 'Choose a count to see its map and heads.',
    steps: 'Steps',
    seed: (seed: number) => `Seed ${seed}`,
    mean: 'Mean',
    spread: 'Spread',
    ms: 'Time',
    choose: (steps: number, seed: number, count: string) => `${steps} steps, seed ${seed}: ${count} people`,
  },
  result: {
    title: 'Count',
    heads: 'Heads found',
    map: 'Sum of the map',
    blocks: 'Count head (ZIP)',
    time: 'Time',
    timeOf: (total: string, decode: string, encode: string, draw: string) =>
      `${total} ms (decoding ${decode}, encoder ${encode}, map ${draw})`,
    model: 'Model',
    size: 'Looked at',
    sizeOf: (width: number, height: number, fromWidth: number, fromHeight: number) =>
      `${width}×${height} px of ${fromWidth}×${fromHeight}`,
    farField: 'Far field',
    farFieldOf: (percent: number, width: number, tiles: number) =>
      `upper ${percent} %, ${width} px wide, in ${tiles === 1 ? '1 tile' : `${tiles} tiles`}`,
    farFieldUseless: 'nothing to gain: the picture has no more detail than it is looked at with',
  },
  figures: {
    title: 'Compared with the clicks',
    here: 'This picture',
    all: (count: number) => (count === 1 ? '1 clicked picture' : `${count} clicked pictures`),
    none: 'Click the heads of a picture to compare.',
    waiting: 'No clicked picture has been counted with these settings yet.',
    clicked: 'Clicked',
    counted: 'Counted',
    mae: 'MAE',
    maeHint: 'Mean absolute error: how many people the count is off.',
    bias: 'Bias',
    biasHint: 'Mean error: above 0 the model counts too many.',
    precision: 'Precision',
    precisionHint: 'Share of found heads that were clicked.',
    recall: 'Recall',
    recallHint: 'Share of clicked heads that were found.',
    f1: 'F1',
    coverage: 'In the range',
    coverageHint: 'Share of pictures whose clicks lie in the 90% range.',
  },
  export: {
    title: 'Export',
    button: (count: number) => (count === 1 ? 'Export 1 picture' : `Export ${count} pictures`),
    note: (left: number) =>
      left === 0
        ? ''
        : left === 1
          ? '1 picture is not clicked and stays out.'
          : `${left} pictures are not clicked and stay out.`,
    use: 'A zip with images/ and labels.jsonl. Unpack it, then:',
  },
};
