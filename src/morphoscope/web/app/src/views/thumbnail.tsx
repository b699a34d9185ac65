// A thumbnail: the part of a sheet.

import { useEffect, useState } from "preact/hooks";

import { useStore } from "./context";

export function Thumbnail({ row, side }: { row: number; side: number }) {
  const store = useStore();
  const { sheets, total } = store.manifest;
  const number = Math.floor(row / sheets.perSheet);
  const found = store.source.sheet(number);
  const [loaded, setLoaded] = useState({ number: -1, address: "" });
  const address = typeof found === "string" ? found : loaded.number === number ? loaded.address : "";
  useEffect(() => {
    let there = true;
    if (typeof found !== "string") void found.then((url) => there && setLoaded({ number, address: url }), () => undefined);
    return () => {
      there = false;
    };
  }, [store, number]);
  const place = row % sheets.perSheet;
  const wide = Math.min(sheets.columns, total - number * sheets.perSheet); // the last sheet may be narrower
  return (
    <div
      class="thumbnail"
      style={{
        width: `${side}px`,
        height: `${side}px`,
        backgroundImage: address ? `url("${address}")` : "none",
        backgroundSize: `${wide * side}px auto`,
        backgroundPosition: `${-(place % sheets.columns) * side}px ${-Math.floor(place / sheets.columns) * side}px`,
      }}
    />
  );
}
