/** A chart as a picture of its own: PNG from a canvas, an SVG file from an SVG. In: what stands in the page. */

export interface PictureText {
  readonly title: string;
  readonly subtitle: string;
}

const PADDING = 16;
const TITLE_PX = 28;
const LEGEND_PX = 24;

/** What is drawn around the canvas (title, legend) stands in the page as HTML, and is painted here once more. */
export async function toPng(frame: HTMLElement, canvas: HTMLCanvasElement, text: PictureText): Promise<Blob> {
  const scale = canvas.width / Math.max(1, canvas.clientWidth);
  const legend = readLegend(frame);
  const width = canvas.clientWidth + 2 * PADDING;
  const height = canvas.clientHeight + 2 * PADDING + TITLE_PX + (legend.length === 0 ? 0 : LEGEND_PX);
  const sheet = document.createElement('canvas');
  sheet.width = Math.round(width * scale);
  sheet.height = Math.round(height * scale);
  const pen = sheet.getContext('2d');
  if (pen === null) throw new Error('the browser gave no canvas');
  const { color, fontFamily } = getComputedStyle(frame);
  pen.scale(scale, scale);
  pen.fillStyle = readGround(frame);
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = color;
  pen.textBaseline = 'middle';
  pen.font = `600 14px ${fontFamily}`;
  pen.fillText(text.title, PADDING, PADDING + 8);
  const titleWidth = pen.measureText(text.title).width;
  pen.font = `12px ${fontFamily}`;
  pen.globalAlpha = 0.7;
  pen.fillText(text.subtitle, PADDING + titleWidth + 10, PADDING + 8);
  pen.globalAlpha = 1;
  pen.drawImage(canvas, PADDING, PADDING + TITLE_PX, canvas.clientWidth, canvas.clientHeight);
  let x = PADDING;
  const y = height - PADDING - 6;
  for (const item of legend) {
    pen.fillStyle = item.color;
    if (item.mark === 'block') pen.fillRect(x, y - 5, 10, 10);
    else for (const part of item.mark === 'dash' ? [0, 7] : [0, 5]) pen.fillRect(x + part, y - 1, 5, 2);
    pen.fillStyle = color;
    pen.fillText(item.label, x + 16, y);
    x += 16 + pen.measureText(item.label).width + 18;
  }
  return new Promise((resolve, reject) => {
    sheet.toBlob(
      (blob) => (blob === null ? reject(new Error('the browser made no image')) : resolve(blob)),
      'image/png',
    );
  });
}

/** As text of a file that looks the same without this page's style sheets. */
export function toSvgFile(frame: HTMLElement, svg: SVGSVGElement, text: PictureText): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  copyLook(svg, copy);
  for (const name of ['tabindex', 'role', 'aria-label', 'aria-roledescription', 'focusable', 'class'])
    copy.removeAttribute(name);
  copy.setAttribute('xmlns', SVG_NAMESPACE);
  copy.setAttribute('font-family', getComputedStyle(frame).fontFamily);
  const title = document.createElementNS(SVG_NAMESPACE, 'title');
  title.textContent = `${text.title}. ${text.subtitle}`;
  const ground = document.createElementNS(SVG_NAMESPACE, 'rect');
  for (const [name, value] of [
    ['width', '100%'],
    ['height', '100%'],
    ['fill', readGround(frame)],
  ] as const)
    ground.setAttribute(name, value);
  copy.prepend(title, ground);
  return new XMLSerializer().serializeToString(copy);
}

const SVG_NAMESPACE = 'http://www.w3.org/2000/svg';
const LOOKS = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'paint-order',
  'opacity',
  'font-size',
  'font-weight',
];

function copyLook(from: Element, to: Element): void {
  const style = getComputedStyle(from);
  for (const look of LOOKS) to.setAttribute(look, style.getPropertyValue(look));
  to.removeAttribute('class');
  Array.from(from.children).forEach((child, index) => {
    const twin = to.children[index];
    if (twin !== undefined) copyLook(child, twin);
  });
}

interface Swatch {
  readonly label: string;
  readonly color: string;
  readonly mark: string;
}

function readLegend(frame: HTMLElement): readonly Swatch[] {
  return Array.from(frame.querySelectorAll<HTMLElement>('[data-label]')).map((item) => {
    const swatch = item.querySelector<SVGElement>('.chart-swatch');
    return {
      label: item.dataset['label'] ?? '',
      mark: swatch?.dataset['mark'] ?? 'block',
      color: swatch === null ? 'gray' : getComputedStyle(swatch).color,
    };
  });
}

/** The first ground that is not see-through, from the chart outward. */
function readGround(element: HTMLElement): string {
  for (let at: HTMLElement | null = element; at !== null; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (color !== 'transparent' && !/^rgba\(.*, 0\)$/.test(color)) return color;
  }
  return 'white';
}
