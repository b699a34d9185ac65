// Finding a graphics processor with WebGPU.

export const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

let asked: Promise<GPUAdapter | null> | null = null;

/** What the browser computes with, or null. The answer can take a second, so that it is worth while to ask early. */
export function seekAdapter(): Promise<GPUAdapter | null> {
  asked ??= navigator.gpu?.requestAdapter({ powerPreference: "high-performance" }).catch(() => null) ?? Promise.resolve(null);
  return asked;
}

function emulated(adapter: GPUAdapter): boolean {
  // browsers differ in what they tell
  const { info, isFallbackAdapter } = adapter as { info?: GPUAdapterInfo; isFallbackAdapter?: boolean };
  return (isFallbackAdapter ?? info?.isFallbackAdapter ?? false) || SOFTWARE.test(`${info?.vendor} ${info?.architecture} ${info?.description}`);
}

/** Whether there is a graphics card, as far as the browser tells without starting to draw with it. */
export async function accelerated(): Promise<boolean> {
  const adapter = await seekAdapter();
  return adapter !== null && !emulated(adapter);
}

/** A device of its own; null where there is none. `software`: also one that the processor emulates. */
export async function deviceOf(software: boolean): Promise<GPUDevice | null> {
  const seeking = seekAdapter();
  asked = null; // an adapter gives one device
  const adapter = await seeking;
  if (adapter && (software || !emulated(adapter))) return adapter.requestDevice().catch(() => null);
  asked = seeking;
  return null;
}

/** A buffer's bytes on this side, when the device has done what it was told before. */
export async function copied(device: GPUDevice, buffer: GPUBuffer): Promise<ArrayBuffer> {
  const copy = device.createBuffer({ size: buffer.size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, copy, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await copy.mapAsync(GPUMapMode.READ);
  const bytes = copy.getMappedRange().slice(0);
  copy.destroy();
  return bytes;
}
