// Files on their way to the server: over the websocket, in parts.

export type Ask = <T>(action: string, values: Record<string, unknown>) => Promise<T>;

export const ACCEPTED = ".png,.jpg,.jpeg,.bmp,.webp,.tif,.tiff,.gif,.npy,.npz,.mat";
const PART = 393_216; // bytes; a multiple of 3, so that no part of the base64 text is padded but the last

/** Send a file; returns its number on the server. */
export async function upload(ask: Ask, name: string, file: Blob): Promise<number> {
  const number = await ask<number>("upload", { name, size: file.size });
  for (let at = 0; at < file.size; at += PART) {
    await ask("part", { number, text: base64(new Uint8Array(await file.slice(at, at + PART).arrayBuffer())) });
  }
  return number;
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** Fields of one size as a .npy file, (field, y, x) of float32. */
export function npy(fields: Float32Array[], height: number, width: number): Blob {
  const shape = `{'descr': '<f4', 'fortran_order': False, 'shape': (${fields.length}, ${height}, ${width}), }`;
  const text = shape.padEnd(117) + "\n"; // with the 10 bytes before it, 128
  const head = new Uint8Array(10 + text.length);
  head.set([0x93, ...[..."NUMPY"].map((letter) => letter.charCodeAt(0)), 1, 0, text.length & 255, text.length >> 8]);
  head.set(new TextEncoder().encode(text), 10);
  return new Blob([head, ...fields.map((field) => field.slice() as BlobPart)]);
}

/** Call `take` with each file that is dropped on an element; returns what ends it. */
export function dropped(page: HTMLElement, take: (file: File) => void): () => void {
  const over = (event: DragEvent) => event.dataTransfer?.types.includes("Files") && event.preventDefault();
  const drop = (event: DragEvent) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    take(file);
  };
  page.addEventListener("dragover", over);
  page.addEventListener("drop", drop);
  return () => {
    page.removeEventListener("dragover", over);
    page.removeEventListener("drop", drop);
  };
}
