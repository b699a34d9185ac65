// The page of `morphoscope live`: a menu of models, and a run of one. The address says which, and at which parameters.

import { render, type ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import "../../style.css";
import mark from "../../mark.svg";
import { Connection } from "../../data/connection";
import { fetched } from "../../data/server";
import { seekAdapter } from "../../simulator/gpu";
import type { ModelProgram } from "../../simulator/program";
import { Editor } from "./equations";
import { addressed, linkTo } from "./link";
import { Live } from "./live";
import { LiveReading } from "./reading";
import { Session, type LiveGrid } from "./session";
import { askedFrom, type LiveSource, type Spec, type Values } from "./source";

interface MenuModel {
  name: string;
  title: string;
  equations: string[];
  source: string;
  picture: string | null;
}

interface Settings {
  model: string | null;
  parameters: Values;
  width: number;
  height: number;
  boundary: string;
  stencil: 9 | 5;
  initial: string | null;
  seed: number;
}

interface PageData {
  models: MenuModel[];
  palettes: Record<string, string[]>;
  settings: Settings;
  reads: string; // the model whose patterns the shipped classifier reads
}

const QUIET = 300; // milliseconds after which the address follows the sliders

function LivePage({ data, source, connection }: { data: PageData; source: LiveSource; connection: Connection }) {
  const [session, setSession] = useState<Session | null>(null);
  const [problem, setProblem] = useState("");
  const [there, setThere] = useState(true);
  const { settings } = data;
  const grid: LiveGrid = { width: settings.width, height: settings.height, boundary: settings.boundary, stencil: settings.stencil };
  const choices = useRef(0); // how often something was chosen: the answer to an earlier choice comes too late
  const open = (program: ModelProgram, spec: Spec, parameters: Values = {}, initial: string | null = null, seed = 0) => {
    const known = Object.fromEntries(Object.entries(parameters).filter(([name, value]) => program.parameters.some((p) => p.name === name) && Number.isFinite(value)));
    const made = new Session(program, spec, source, grid, { parameters: known, initial, seed });
    let timer = 0;
    const number = choices.current;
    made.moved = () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => made.runner && number === choices.current && history.replaceState(null, "", linkTo(made)), QUIET);
    };
    setSession(made);
    setProblem("");
    document.title = `Morphoscope: ${program.title}`;
    return made;
  };
  const typed = async (spec: Spec) => {
    const number = ++choices.current, program = await source.program(spec);
    if (number === choices.current) history.pushState(null, "", linkTo(open(program, spec)));
  };
  const menu = () => {
    choices.current++;
    setSession(null);
  };
  const choose = async (model: Spec, parameters: Values = {}, initial: string | null = settings.initial, seed = settings.seed) => {
    const number = ++choices.current;
    try {
      const program = await source.program(model);
      if (number === choices.current) open(program, model, parameters, initial, seed);
    } catch (error) {
      if (number !== choices.current) return;
      setSession(null); // what was shown is not what the address says
      setProblem((error as Error).message);
    }
  };
  const follow = () => {
    let at;
    try {
      at = addressed();
    } catch (error) {
      menu();
      return setProblem((error as Error).message);
    }
    if (at) void choose(at.spec, at.parameters, at.initial, at.seed);
    else if (settings.model) void choose(settings.model, settings.parameters);
    else menu();
  };
  useEffect(() => {
    follow();
    addEventListener("hashchange", follow);
    const ends = connection.watch(setThere);
    return () => {
      removeEventListener("hashchange", follow);
      ends();
    };
  }, []);
  return (
    <div class="morphoscope live-page" data-theme="auto">
      <header class="head">
        <span class="mark" aria-hidden="true" dangerouslySetInnerHTML={{ __html: mark }} />
        <div class="name"><h1>Morphoscope</h1><p>{session ? session.program.title : "Live runs"}</p></div>
        <div class="choices">
          {session && <button type="button" onClick={() => { history.pushState(null, "", "#"); menu(); }}>All models</button>}
        </div>
      </header>
      {!there && <p class="banner" role="alert">The server does not answer: theory and new starts are missing until it is back. Start <code>morphoscope live</code> again, or wait.</p>}
      {problem && <p class="banner" role="alert">{problem}</p>}
      {session
        ? (
          <Live key={session.program.name} session={session} palettes={data.palettes} opened={typed}>
            {session.spec === data.reads && <LiveReading session={session} network={network} classes={[]} />}
          </Live>
        )
        : (
          <Menu models={data.models} choose={(name) => { history.pushState(null, "", `#model=${name}`); void choose(name); }}>
            <Editor rows={EXAMPLE} parameters={VALUES} opened={typed} />
          </Menu>
        )}
    </div>
  );
}

/** What the form of a model of one's own begins with: FitzHugh–Nagumo's, in few letters. */
const EXAMPLE = [
  { species: "u", reaction: "u - u**3 - v", diffusion: "1" },
  { species: "v", reaction: "e*(u - a*v - b)", diffusion: "d" },
];
const VALUES = { e: 0.2, a: 0.3, b: -0.1, d: 20 };

function Menu({ models, choose, children }: { models: MenuModel[]; choose: (name: string) => void; children: ComponentChildren }) {
  return (
    <div class="live-menu">
      <h2>Choose a model and watch its pattern grow</h2>
      <ul>
        {models.map(({ name, title, equations, picture }) => (
          <li key={name}>
            <button type="button" onClick={() => choose(name)} data-model={name}>
              {picture ? <img src={picture} alt="" width="96" height="96" /> : <span class="live-blank" />}
              <span><b>{title}</b>{equations.map((line) => <small key={line}>{line}</small>)}</span>
            </button>
          </li>
        ))}
      </ul>
      <section class="live-part live-own"><h2>Or type a model of your own</h2>{children}</section>
    </div>
  );
}

/** The shipped classifier; null where the server can't load it. */
const network = () => fetched("network").catch(() => null);

export async function startLive(place: HTMLElement): Promise<void> {
  const connection = new Connection(`ws://${location.host}/ws`);
  void seekAdapter(); // the answer is there when a run begins
  try {
    const answer = await fetch("/data/live");
    if (!answer.ok) throw new Error(await answer.text());
    const data = (await answer.json()) as PageData;
    const source = askedFrom((action, values) => connection.ask(action, values), fetched);
    render(<LivePage data={data} source={source} connection={connection} />, place);
  } catch (error) {
    render(<p class="problem" role="alert">The page can't be shown: {(error as Error).message}</p>, place);
  }
}
