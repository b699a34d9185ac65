// The page of a server. Other places of the same app have their own entries.

import { ServerSource } from "./data/server";
import { start } from "./start";

const place = document.getElementById("morphoscope");
if (place) void start(place, new ServerSource());
