// A row of thumbnails as one button, so that the keyboard needs one step for it.

import { Thumbnail } from "./thumbnail";

interface StripProps {
  rows: number[];
  side: number; // pixels
  name: string; // of what a click does
  onClick: () => void;
}

export function Strip({ rows, side, name, onClick }: StripProps) {
  return (
    <button type="button" class="strip" aria-label={name} title={name} onClick={onClick}>
      {rows.map((row) => <Thumbnail key={row} row={row} side={side} />)}
    </button>
  );
}
