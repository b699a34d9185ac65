// An atlas on the server of `morphoscope explore`.

import { Connection } from "./connection";
import { RemoteSource } from "./remote";

/** Data of the server by name and number; null if it has none. */
export async function fetched(name: string, number?: number): Promise<ArrayBuffer | null> {
  const answer = await fetch(number === undefined ? `/data/${name}` : `/data/${name}/${number}`);
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error((await answer.text()).trim() || "the server could not do it");
  return answer.arrayBuffer();
}

export class ServerSource extends RemoteSource {
  kind = "server" as const;

  constructor() {
    super(new Connection(`ws://${location.host}/ws`));
  }

  get(name: string, number?: number): Promise<ArrayBuffer | null> {
    return fetched(name, number);
  }

  sheet(number: number): string {
    return `/data/thumbnails/${number}`;
  }

  picture(kind: string, run: number): string {
    return `/data/${kind}/${run}`;
  }
}
