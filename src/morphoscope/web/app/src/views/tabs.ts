// The tabs of the page. A view of another room of the app registers itself here.

import type { ComponentType } from "preact";

import type { Store, Tab } from "../state/store";
import { Compare } from "./compare";
import { Groups } from "./groups";
import { LiveTab } from "./live/tab";
import { MapSection } from "./map/section";
import { Montage } from "./montage";
import { NextPass } from "./next_pass";
import { Pattern } from "./pattern";
import { Photographs } from "./photograph";
import { Proposals } from "./proposals";
import { Share } from "./share";

export interface TabInfo {
  name: Tab;
  title: string;
  view: ComponentType;
  there: (store: Store) => boolean;
}

export const TABS: TabInfo[] = [
  { name: "map", title: "Map", view: MapSection, there: () => true },
  { name: "pattern", title: "Pattern", view: Pattern, there: () => true },
  { name: "montage", title: "Montage", view: Montage, there: () => true },
  { name: "live", title: "Live", view: LiveTab, there: (store) => store.manifest.capabilities.live },
  { name: "groups", title: "Groups", view: Groups, there: (store) => store.source.kind !== "file" && store.manifest.capabilities.groups },
  { name: "proposals", title: "Proposals", view: Proposals, there: (store) => store.source.kind !== "file" && store.manifest.capabilities.proposals },
  { name: "pass", title: "Next pass", view: NextPass, there: (store) => store.source.kind !== "file" },
  { name: "compare", title: "Compare", view: Compare, there: (store) => store.source.kind !== "file" },
  { name: "photograph", title: "Photograph", view: Photographs, there: (store) => store.source.kind === "server" },
  { name: "share", title: "Share", view: Share, there: () => true },
];

export function hasLive(): boolean {
  return TABS.some(({ name }) => name === "live");
}
