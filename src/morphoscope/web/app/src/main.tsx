// The page: an atlas of a server or in the file itself, or live runs of models. What is exported is the global object
// Morphoscope: `widget` for notebooks, the others for scripts and tests.

import { FileSource, isFile } from "./data/file";
import { ServerSource } from "./data/server";
import { Reader } from "./reader/reader";
import { createSimulator, openSimulator } from "./simulator/opening";
import { wavelength } from "./simulator/wavelength";
import { start } from "./start";
import { pointOf } from "./theory/point";
import { startLive } from "./views/live/page";
import { widget } from "./widget";

export { createSimulator, openSimulator, pointOf, Reader, wavelength, widget };

const place = document.getElementById("morphoscope");
if (place?.dataset.source === "live") void startLive(place);
else if (place) void start(place, isFile() ? new FileSource() : new ServerSource());
