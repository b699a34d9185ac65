// The page of a server: an atlas, or live runs of models. Other places of the same app have their own entries.

import { ServerSource } from "./data/server";
import { createSimulator } from "./simulator/simulator";
import { wavelength } from "./simulator/wavelength";
import { start } from "./start";
import { startLive } from "./views/live/page";

Object.assign(globalThis, { Morphoscope: { createSimulator, wavelength } }); // for scripts, and for tests

const place = document.getElementById("morphoscope");
if (place?.dataset.source === "live") void startLive(place);
else if (place) void start(place, new ServerSource());
