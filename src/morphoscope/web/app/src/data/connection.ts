// The websocket to the server: requests with answers, messages to all pages, and whether the server is there.

const BEAT = 1000; // milliseconds between two signs of life
const PATIENCE = 2000; // milliseconds without an answer after which the server counts as gone
const REQUEST = 30_000;

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (reason: Error) => void;
  timer: number;
}

type Message = Record<string, unknown>;

export class Connection {
  private socket: WebSocket | null = null;
  private waiting = new Map<number, Waiting>();
  private last = 0;
  private beat = 0;
  private heard = Date.now();
  private checked = Date.now();
  private listeners = new Map<string, Set<(message: Message) => void>>();
  private watchers = new Set<(there: boolean) => void>();
  there = true; // until the opposite is known

  constructor(private address: string) {
    this.open();
    setInterval(() => this.check(), BEAT);
  }

  private open(): void {
    const socket = new WebSocket(this.address);
    this.socket = socket;
    socket.onopen = () => {
      this.beat = 0; // a sign of life that the connection before took along has no answer
      this.alive();
    };
    socket.onmessage = (event) => this.received(event.data as string);
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.lost();
    };
  }

  private alive(): void {
    this.heard = Date.now();
    this.turn(true);
  }

  private turn(there: boolean): void {
    if (there === this.there) return;
    this.there = there;
    for (const watcher of this.watchers) watcher(there);
  }

  /** Nothing that was asked and not answered has been done, as far as this page can know. */
  private lost(): void {
    this.turn(false);
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(new Error("the server does not answer"));
    }
    this.waiting.clear();
  }

  private check(): void {
    const now = Date.now(), slept = now - this.checked > 2 * BEAT;
    this.checked = now;
    if (slept) this.heard = now; // this page was busy or asleep, not the server: what it has said is read next
    if (!this.socket) this.open();
    else if (this.socket.readyState === WebSocket.OPEN) {
      if (Date.now() - this.heard > BEAT + PATIENCE) this.lost();
      if (!this.beat) {
        this.beat = this.send("ping", {});
      }
    } else if (Date.now() - this.heard > BEAT + PATIENCE) this.lost();
  }

  private received(text: string): void {
    this.alive();
    const message = JSON.parse(text) as Message;
    if (typeof message.event === "string") {
      for (const listener of this.listeners.get(message.event) ?? []) listener(message);
      return;
    }
    const number = message.id as number;
    if (number === this.beat) this.beat = 0;
    const waiting = this.waiting.get(number);
    if (!waiting) return;
    this.waiting.delete(number);
    clearTimeout(waiting.timer);
    if (typeof message.problem === "string") waiting.reject(new Error(message.problem));
    else waiting.resolve(message.result);
  }

  private send(action: string, values: Message): number {
    const id = ++this.last;
    this.socket?.send(JSON.stringify({ id, action, values }));
    return id;
  }

  async ask<T>(action: string, values: Message = {}, patience = REQUEST): Promise<T> {
    const { socket } = this;
    if (socket?.readyState === WebSocket.CONNECTING)
      await new Promise((done) => {
        for (const event of ["open", "close"]) socket.addEventListener(event, done, { once: true });
      });
    if (this.socket?.readyState !== WebSocket.OPEN) throw new Error("the server does not answer");
    return new Promise<T>((resolve, reject) => {
      const id = this.send(action, values);
      const timer = window.setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error("the server does not answer"));
      }, patience);
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
    });
  }

  on(event: string, listener: (message: Message) => void): () => void {
    const own = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, own.add(listener));
    return () => own.delete(listener);
  }

  watch(watcher: (there: boolean) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}
