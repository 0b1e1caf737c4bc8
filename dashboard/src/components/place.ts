/** Puts something of the top layer beside its anchor, inside the window, by custom properties that its style reads. */

export interface Placement {
  readonly side: 'top' | 'bottom' | 'left';
  readonly align: 'start' | 'center' | 'end';
}

const GAP_PX = 4;
const MARGIN_PX = 8;
const ROOM_PX_MIN = 120;

export function place(box: HTMLElement, anchor: DOMRect, { side, align }: Placement): void {
  const { innerWidth, innerHeight } = globalThis;
  // With too little room on both sides it scrolls inside of what there is, and never covers its anchor.
  const roomPx = side === 'left' ? innerHeight : Math.max(innerHeight - anchor.bottom, anchor.top) - GAP_PX;
  box.style.setProperty('--room', `${Math.max(ROOM_PX_MIN, Math.round(roomPx - MARGIN_PX))}px`);
  const { offsetWidth: width, offsetHeight: height } = box;
  let x: number;
  let y: number;
  if (side === 'left') {
    x = anchor.left - width - GAP_PX;
    y = anchor.top + (anchor.height - height) / 2;
  } else {
    const below = anchor.bottom + GAP_PX;
    const above = anchor.top - height - GAP_PX;
    const hasRoomBelow = below + height <= innerHeight - MARGIN_PX;
    const hasRoomAbove = above >= MARGIN_PX;
    const isWiderAbove = anchor.top > innerHeight - anchor.bottom;
    const isAbove = side === 'top' && hasRoomAbove ? true : !hasRoomBelow && (hasRoomAbove || isWiderAbove);
    y = isAbove ? above : below;
    if (align === 'start') x = anchor.left;
    else if (align === 'end') x = anchor.right - width;
    else x = anchor.left + (anchor.width - width) / 2;
  }
  const clamp = (value: number, max: number) => Math.max(MARGIN_PX, Math.min(value, max));
  box.style.setProperty('--x', `${Math.round(clamp(x, innerWidth - width - MARGIN_PX))}px`);
  box.style.setProperty('--y', `${Math.round(clamp(y, innerHeight - height - MARGIN_PX))}px`);
}
