import { render } from "preact";

import "./style.css";
import { App } from "./views/app";

const place = document.getElementById("morphoscope");
if (place) render(<App />, place);
