// An atlas in a notebook: the kernel answers (morphoscope.web.widget).

import { RemoteSource, type Exchange } from "./remote";

type Message = Record<string, unknown>;

/** What anywidget gives to a widget, as far as it is used here. */
export interface WidgetModel {
  send(content: unknown): void;
  on(event: "msg:custom", callback: (message: Message, buffers: DataView[]) => void): void;
  off(event: "msg:custom", callback: (message: Message, buffers: DataView[]) => void): void;
}

const PATIENCE = 120_000; // milliseconds; a kernel that runs a cell answers when the cell has ended

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (reason: Error) => void;
  timer: number;
}

class Kernel implements Exchange {
  private waiting = new Map<number, Waiting>();
  private listeners = new Map<string, Set<(message: Message) => void>>();
  private last = 0;

  constructor(private model: WidgetModel) {
    model.on("msg:custom", this.received);
  }

  close(): void {
    this.model.off("msg:custom", this.received);
  }

  private received = (message: Message, buffers: DataView[]): void => {
    if (typeof message.event === "string") {
      for (const listener of this.listeners.get(message.event) ?? []) listener(message);
      return;
    }
    const waiting = this.waiting.get(message.id as number);
    if (!waiting) return;
    this.waiting.delete(message.id as number);
    clearTimeout(waiting.timer);
    const view = buffers[0];
    if (typeof message.problem === "string") waiting.reject(new Error(message.problem));
    else if (!("found" in message)) waiting.resolve(message.result);
    else waiting.resolve(view ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : null);
  };

  request<T>(message: Message): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const id = ++this.last;
      const timer = window.setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error("the kernel does not answer"));
      }, PATIENCE);
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
      this.model.send({ id, ...message });
    });
  }

  ask<T>(action: string, values: Message = {}): Promise<T> {
    return this.request<T>({ action, values });
  }

  on(event: string, listener: (message: Message) => void): () => void {
    const own = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, own.add(listener));
    return () => own.delete(listener);
  }

  watch(): () => void {
    return () => undefined;
  }
}

export class WidgetSource extends RemoteSource {
  kind = "widget" as const;
  private sheets = new Map<number, Promise<string>>();
  private kernel: Kernel;

  constructor(model: WidgetModel) {
    const kernel = new Kernel(model);
    super(kernel);
    this.kernel = kernel;
  }

  get(name: string, number = 0): Promise<ArrayBuffer | null> {
    return this.kernel.request<ArrayBuffer | null>({ data: name, number });
  }

  sheet(number: number): Promise<string> {
    let found = this.sheets.get(number);
    if (!found) {
      found = this.get("thumbnails", number).then((bytes) => (bytes ? URL.createObjectURL(new Blob([bytes], { type: "image/webp" })) : ""));
      found.catch(() => this.sheets.delete(number));
      this.sheets.set(number, found);
    }
    return found;
  }

  picture(): null {
    return null;
  }

  close(): void {
    this.kernel.close();
    for (const address of this.sheets.values()) void address.then((url) => URL.revokeObjectURL(url), () => undefined);
  }
}
